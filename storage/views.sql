-- What `current.duckdb` promises. One row means exactly one thing; every column says what it holds.

CREATE VIEW items AS
SELECT item_id, source_kind, channel, community, url, title, text, published_at, date_quality, first_seen_at,
       language, relevant, thread_id, parent_id, story_id, author_hash, version, deleted_at
FROM base.items;
COMMENT ON VIEW items IS 'One row for each article, submission or comment, in its newest version';
COMMENT ON COLUMN items.item_id IS 'Stable identity of the item';
COMMENT ON COLUMN items.source_kind IS 'news or social';
COMMENT ON COLUMN items.channel IS 'The feed or subreddit that brought the item, as named in channels.toml';
COMMENT ON COLUMN items.community IS 'The community of that channel, such as trade-press or investor';
COMMENT ON COLUMN items.url IS 'Canonical address without tracking parameters or fragment; NULL when there is none';
COMMENT ON COLUMN items.title IS 'Headline; empty for a comment';
COMMENT ON COLUMN items.text IS 'Headline, a blank line, then the body; only the headline where the body was not kept';
COMMENT ON COLUMN items.published_at IS 'When it was published (an instant), as first seen; later edits do not move it';
COMMENT ON COLUMN items.date_quality IS 'How the date is known: explicit, zone_guessed, feed_default, first_seen, clamped';
COMMENT ON COLUMN items.first_seen_at IS 'When it was first collected (an instant)';
COMMENT ON COLUMN items.language IS 'ISO 639-1 code found in the text; NULL before the first scan or where unknown';
COMMENT ON COLUMN items.relevant IS 'Whether it speaks of critical minerals; NULL before the first scan';
COMMENT ON COLUMN items.thread_id IS 'The submission that a comment belongs to; NULL for news';
COMMENT ON COLUMN items.parent_id IS 'The item that a comment answers; NULL for news and submissions';
COMMENT ON COLUMN items.story_id IS 'Items that tell one story share it: the same address, headline or words within seven days; NULL for social items';
COMMENT ON COLUMN items.author_hash IS 'Keyed hash of the author; NULL where unknown';
COMMENT ON COLUMN items.version IS 'Counts the changes of title, text or address, from 1';
COMMENT ON COLUMN items.deleted_at IS 'When it was found deleted at its source: its words, author and address are erased, and it counts on where it did';

CREATE VIEW labels AS
SELECT item_id, model, stance, abstained, confidence, p_realist, p_industrial_collaboration, p_skeptic, p_none,
       evidence_start, evidence_end, labelled_at
FROM base.labels;
COMMENT ON VIEW labels IS 'One row for each labelled item: the newest label of its newest labelled version';
COMMENT ON COLUMN labels.item_id IS 'The item in items';
COMMENT ON COLUMN labels.model IS 'The model that answered, in models';
COMMENT ON COLUMN labels.stance IS 'The likeliest of realist, industrial_collaboration, skeptic, none; also where abstained';
COMMENT ON COLUMN labels.abstained IS 'Whether the answer is too unsure to be counted as a stance';
COMMENT ON COLUMN labels.confidence IS 'Confidence in the stance, 0 to 1';
COMMENT ON COLUMN labels.p_realist IS 'Probability of realist, 0 to 1';
COMMENT ON COLUMN labels.p_industrial_collaboration IS 'Probability of industrial_collaboration, 0 to 1';
COMMENT ON COLUMN labels.p_skeptic IS 'Probability of skeptic, 0 to 1';
COMMENT ON COLUMN labels.p_none IS 'Probability of none, 0 to 1; the four sum to 1';
COMMENT ON COLUMN labels.evidence_start IS 'First character of the passage that carries the stance, from 0; NULL when none';
COMMENT ON COLUMN labels.evidence_end IS 'One past that passage''s last character: substring(text, evidence_start + 1, evidence_end - evidence_start)';
COMMENT ON COLUMN labels.labelled_at IS 'When the label was made (an instant)';

CREATE VIEW former_labels AS
SELECT item_id, version, model, stance, abstained, confidence, p_realist, p_industrial_collaboration, p_skeptic, p_none,
       labelled_at, replaced_at
FROM base.former_labels;
COMMENT ON VIEW former_labels IS 'One row for each label that a later one took the place of, or that an edit took away';
COMMENT ON COLUMN former_labels.item_id IS 'The item in items';
COMMENT ON COLUMN former_labels.version IS 'The version of the item that was labelled, from 1';
COMMENT ON COLUMN former_labels.model IS 'The model that answered, in models';
COMMENT ON COLUMN former_labels.stance IS 'The likeliest of realist, industrial_collaboration, skeptic, none; also where abstained';
COMMENT ON COLUMN former_labels.abstained IS 'Whether the answer was too unsure to be counted as a stance';
COMMENT ON COLUMN former_labels.confidence IS 'Confidence in the stance, 0 to 1';
COMMENT ON COLUMN former_labels.p_realist IS 'Probability of realist, 0 to 1';
COMMENT ON COLUMN former_labels.p_industrial_collaboration IS 'Probability of industrial_collaboration, 0 to 1';
COMMENT ON COLUMN former_labels.p_skeptic IS 'Probability of skeptic, 0 to 1';
COMMENT ON COLUMN former_labels.p_none IS 'Probability of none, 0 to 1; the four sum to 1';
COMMENT ON COLUMN former_labels.labelled_at IS 'When the label was made (an instant)';
COMMENT ON COLUMN former_labels.replaced_at IS 'When it ceased to count (an instant)';

CREATE VIEW mentions AS
SELECT item_id, type, entity, surface, span_start, span_end FROM base.mentions;
COMMENT ON VIEW mentions IS 'One row for each time an item names a mineral, country, stage or instrument';
COMMENT ON COLUMN mentions.item_id IS 'The item in items';
COMMENT ON COLUMN mentions.type IS 'mineral, country, stage or instrument';
COMMENT ON COLUMN mentions.entity IS 'Canonical name; for a country its ISO 3166 alpha-3 code, or EU';
COMMENT ON COLUMN mentions.surface IS 'The words as they stand in the text';
COMMENT ON COLUMN mentions.span_start IS 'First character in the text, from 0';
COMMENT ON COLUMN mentions.span_end IS 'One past the last character';

CREATE VIEW item_themes AS
SELECT item_id, theme FROM base.mentions JOIN base.theme_entities USING (type, entity)
UNION
SELECT item_id, theme FROM (SELECT item_id, unnest(themes) AS theme FROM base.labels)
WHERE theme IN (SELECT theme FROM base.themes);
COMMENT ON VIEW item_themes IS 'One row for each theme of an item, by the stages and instruments it names and by phrases';
COMMENT ON COLUMN item_themes.item_id IS 'The item in items';
COMMENT ON COLUMN item_themes.theme IS 'The theme in themes';

CREATE VIEW themes AS SELECT theme, kind, instruments, stages, phrases FROM base.themes;
COMMENT ON VIEW themes IS 'One row for each theme, as themes.toml has it';
COMMENT ON COLUMN themes.theme IS 'Its name';
COMMENT ON COLUMN themes.kind IS 'element (of the allies'' roadmap) or watch point';
COMMENT ON COLUMN themes.instruments IS 'Instruments that map to it, each with its programmes';
COMMENT ON COLUMN themes.stages IS 'Stages that map to it';
COMMENT ON COLUMN themes.phrases IS 'Phrases that map to it; (a|b) stands for either';

CREATE VIEW minerals AS SELECT mineral, symbol, kind, parent_group, family, lists FROM base.minerals;
COMMENT ON VIEW minerals IS 'One row for each mineral that mentions may name';
COMMENT ON COLUMN minerals.mineral IS 'Canonical name, as entity in mentions and series';
COMMENT ON COLUMN minerals.symbol IS 'Chemical symbol or formula; NULL where there is none';
COMMENT ON COLUMN minerals.kind IS 'element, mineral, material, compound or group';
COMMENT ON COLUMN minerals.parent_group IS 'The group it belongs to, such as rare earths (heavy) or battery metals';
COMMENT ON COLUMN minerals.family IS 'That group without its part: all rare earths are rare earths';
COMMENT ON COLUMN minerals.lists IS 'Official lists that hold it, as list in mineral_lists; empty where none does';

CREATE VIEW mineral_lists AS SELECT mineral, list, owner, title, dated, via_group, checked FROM base.mineral_lists;
COMMENT ON VIEW mineral_lists IS 'One row for each mineral on each official list';
COMMENT ON COLUMN mineral_lists.mineral IS 'The mineral in minerals';
COMMENT ON COLUMN mineral_lists.list IS 'Short name of the list';
COMMENT ON COLUMN mineral_lists.owner IS 'Who made it: ISO 3166 alpha-3, EU or multilateral';
COMMENT ON COLUMN mineral_lists.title IS 'What it is called';
COMMENT ON COLUMN mineral_lists.dated IS 'When it was published, ISO 8601 as far as known: 2024, 2024-06 or 2024-06-10';
COMMENT ON COLUMN mineral_lists.via_group IS 'Whether the list names only its group, or only its members';
COMMENT ON COLUMN mineral_lists.checked IS 'Whether the list''s items were checked against what was published; else look there before you quote it';

CREATE VIEW countries AS SELECT country, name, iso2, capital, region, subregion, groups FROM base.countries;
COMMENT ON VIEW countries IS 'One row for each country or territory that mentions may name, and one for the EU';
COMMENT ON COLUMN countries.country IS 'ISO 3166 alpha-3 code, XKX or EU, as entity in mentions and series';
COMMENT ON COLUMN countries.name IS 'English name';
COMMENT ON COLUMN countries.iso2 IS 'ISO 3166 alpha-2 code; NULL where there is none';
COMMENT ON COLUMN countries.capital IS 'Its capital; NULL where there is none';
COMMENT ON COLUMN countries.region IS 'Region of the UN''s M49: Africa, Americas, Asia, Europe, Oceania; or Antarctica';
COMMENT ON COLUMN countries.subregion IS 'Subregion of M49; NULL where there is none';
COMMENT ON COLUMN countries.groups IS 'Which of these it is a member of: EU, G7, MSP (Minerals Security Partnership), NATO, OECD, Quad';

CREATE VIEW instruments AS SELECT instrument, kind, owners FROM base.instruments;
COMMENT ON VIEW instruments IS 'One row for each instrument of policy or programme that mentions may name';
COMMENT ON COLUMN instruments.instrument IS 'Its name, as entity in mentions and series';
COMMENT ON COLUMN instruments.kind IS 'The instrument that a programme uses; its own name where it is no programme';
COMMENT ON COLUMN instruments.owners IS 'Whose programme: ISO 3166 alpha-3, EU, G7, NATO or multilateral; empty where it is no programme';

CREATE VIEW stories AS
SELECT story_id,
       arg_min(item_id, (first_seen_at, item_id)) AS first_item_id,
       count(*) AS items,
       count(DISTINCT channel) AS channels,
       min(first_seen_at) AS first_seen_at
FROM base.items
WHERE story_id IS NOT NULL AND deleted_at IS NULL
GROUP BY story_id;
COMMENT ON VIEW stories IS 'One row for each news story: items with the same address, headline or words within seven days';
COMMENT ON COLUMN stories.story_id IS 'Identity of the story, as in items';
COMMENT ON COLUMN stories.first_item_id IS 'The item that told it first';
COMMENT ON COLUMN stories.items IS 'How many items tell it';
COMMENT ON COLUMN stories.channels IS 'How many channels tell it';
COMMENT ON COLUMN stories.first_seen_at IS 'When it was first collected (an instant)';

CREATE VIEW sightings AS
SELECT story_id, item_id, channel, community, url, title, published_at, first_seen_at
FROM base.items
WHERE story_id IS NOT NULL AND deleted_at IS NULL;
COMMENT ON VIEW sightings IS 'One row for each time a channel told a news story';
COMMENT ON COLUMN sightings.story_id IS 'The story in stories';
COMMENT ON COLUMN sightings.item_id IS 'The item in items';
COMMENT ON COLUMN sightings.channel IS 'The feed that told it';
COMMENT ON COLUMN sightings.community IS 'The community of that channel';
COMMENT ON COLUMN sightings.url IS 'Where it told it; NULL when there is no address';
COMMENT ON COLUMN sightings.title IS 'The headline that it gave';
COMMENT ON COLUMN sightings.published_at IS 'When it told it (an instant), as far as known: see date_quality in items';
COMMENT ON COLUMN sightings.first_seen_at IS 'When that was collected (an instant)';

CREATE VIEW versions AS
SELECT item_id, version, title, text, url, changed, replaced_at FROM base.item_versions;
COMMENT ON VIEW versions IS 'One row for each former version of an item; its newest version is in items';
COMMENT ON COLUMN versions.item_id IS 'The item in items';
COMMENT ON COLUMN versions.version IS 'Which version, from 1';
COMMENT ON COLUMN versions.title IS 'Headline of that version';
COMMENT ON COLUMN versions.text IS 'Text of that version; only the headline where the body was not kept';
COMMENT ON COLUMN versions.url IS 'Canonical address of that version; NULL when there was none';
COMMENT ON COLUMN versions.changed IS 'What the next version changed: any of title, text, url, article (its page was read)';
COMMENT ON COLUMN versions.replaced_at IS 'When the next version was collected (an instant)';

CREATE VIEW series_daily AS
SELECT day, source_kind, community, dimension, entity, stance, items FROM base.series_daily;
COMMENT ON VIEW series_daily IS 'One row for each day, source, community, entity and stance that has items: relevant and labelled';
COMMENT ON COLUMN series_daily.day IS 'Day of publication, UTC';
COMMENT ON COLUMN series_daily.source_kind IS 'news or social';
COMMENT ON COLUMN series_daily.community IS 'The community of the items'' channels';
COMMENT ON COLUMN series_daily.dimension IS 'all, mineral, country, stage, instrument or theme';
COMMENT ON COLUMN series_daily.entity IS 'The mineral, country, stage, instrument or theme; all where dimension is all. An item counts once for each entity it names or has';
COMMENT ON COLUMN series_daily.stance IS 'realist, industrial_collaboration, skeptic, none or abstained';
COMMENT ON COLUMN series_daily.items IS 'Number of items; those whose date is a guess (first_seen, clamped) are left out';

CREATE VIEW series_weekly AS
WITH cells AS (
    SELECT strftime(day, '%G-W%V') AS week,
           date_trunc('week', day)::DATE AS week_start,
           CASE WHEN grouping(community) = 1 THEN 'all' ELSE community END AS community,
           dimension,
           entity,
           coalesce(sum(items) FILTER (WHERE stance = 'realist'), 0)::BIGINT AS realist,
           coalesce(sum(items) FILTER (WHERE stance = 'industrial_collaboration'), 0)::BIGINT AS industrial_collaboration,
           coalesce(sum(items) FILTER (WHERE stance = 'skeptic'), 0)::BIGINT AS skeptic,
           coalesce(sum(items) FILTER (WHERE stance = 'none'), 0)::BIGINT AS no_stance,
           coalesce(sum(items) FILTER (WHERE stance = 'abstained'), 0)::BIGINT AS abstained
    FROM base.series_daily
    GROUP BY GROUPING SETS (
        (strftime(day, '%G-W%V'), date_trunc('week', day)::DATE, community, dimension, entity),
        (strftime(day, '%G-W%V'), date_trunc('week', day)::DATE, dimension, entity)
    )
), counted AS (
    SELECT cells.*,
           realist + industrial_collaboration + skeptic + no_stance AS answered,
           stances.stance,
           CASE stances.stance
               WHEN 'realist' THEN realist
               WHEN 'industrial_collaboration' THEN industrial_collaboration
               WHEN 'skeptic' THEN skeptic
               WHEN 'none' THEN no_stance
               ELSE abstained
           END AS items
    FROM cells
    CROSS JOIN (VALUES ('realist'), ('industrial_collaboration'), ('skeptic'), ('none'), ('abstained')) AS stances(stance)
), units AS (
    SELECT week_start, community, dimension, entity, sum(weight) ** 2 / sum(square) AS effective_n,
           string_agg(DISTINCT model, ', ' ORDER BY model) AS model
    FROM base.series_tallies GROUP BY ALL
), broken AS (
    SELECT *, coalesce(model <> lag(model) OVER (PARTITION BY community, dimension, entity ORDER BY week_start), false)
                  AS model_break
    FROM units
)
SELECT counted.week, week_start, community, dimension, entity, counted.stance, counted.items,
       broken.effective_n,
       CASE counted.stance
           WHEN 'abstained' THEN NULL
           WHEN 'none' THEN items / nullif(answered, 0)
           ELSE items / nullif(answered - no_stance, 0)
       END AS raw_share,
       shares.share, shares.low, shares.high, shares.change,
       CASE WHEN counted.stance = 'abstained' THEN NULL WHEN shares.stance IS NULL THEN 'too little data' ELSE verdict END
           AS verdict,
       shares.long_change AS change_8_weeks,
       CASE WHEN counted.stance = 'abstained' THEN NULL WHEN shares.stance IS NULL THEN 'too little data'
            ELSE long_verdict END AS verdict_8_weeks,
       broken.model, coalesce(broken.model_break, false) AS model_break
FROM counted
LEFT JOIN broken USING (week_start, community, dimension, entity)
LEFT JOIN base.series_shares AS shares USING (week_start, community, dimension, entity, stance);
COMMENT ON VIEW series_weekly IS 'One row for each ISO week, community, entity and stance; all five stances where the week has any item';
COMMENT ON COLUMN series_weekly.week IS 'ISO 8601 week of publication, UTC, such as 2026-W47';
COMMENT ON COLUMN series_weekly.week_start IS 'The week''s Monday';
COMMENT ON COLUMN series_weekly.community IS 'A community, or all for their sum';
COMMENT ON COLUMN series_weekly.dimension IS 'all, mineral, country, stage, instrument or theme';
COMMENT ON COLUMN series_weekly.entity IS 'The mineral, country, stage, instrument or theme; all where dimension is all';
COMMENT ON COLUMN series_weekly.stance IS 'realist, industrial_collaboration, skeptic, none or abstained';
COMMENT ON COLUMN series_weekly.items IS 'Number of items, 0 where none';
COMMENT ON COLUMN series_weekly.effective_n IS 'How many independent items the cell is worth (Kish): an author counts 3 times at most, a story once, the same for every stance';
COMMENT ON COLUMN series_weekly.raw_share IS 'Share of the stance by plain count, 0 to 1: of the items that take one; for none, of all; NULL for abstained';
COMMENT ON COLUMN series_weekly.share IS 'The same share corrected for the model''s known errors; NULL below an effective n of 15 and for abstained';
COMMENT ON COLUMN series_weekly.low IS 'Lower end of the 90 % band of share: chance and the model''s errors';
COMMENT ON COLUMN series_weekly.high IS 'Upper end of the 90 % band of share';
COMMENT ON COLUMN series_weekly.change IS 'Change of share against the week before; NULL where either cannot be told, or another model answered';
COMMENT ON COLUMN series_weekly.verdict IS 'On that change: up, down, no detectable change, too little data; at most 10 % false among a week''s; NULL where another model answered';
COMMENT ON COLUMN series_weekly.change_8_weeks IS 'Change of share against the mean of the eight weeks before, at least four of them';
COMMENT ON COLUMN series_weekly.verdict_8_weeks IS 'On that change, as verdict';
COMMENT ON COLUMN series_weekly.model IS 'The model that answered, in models; all of them where several did';
COMMENT ON COLUMN series_weekly.model_break IS 'Whether others answered than in the last week before in which the cell has anything: do not compare across it; oresight refresh --relabel mends it';

CREATE VIEW pairs_weekly AS
SELECT strftime(week_start, '%G-W%V') AS week, week_start, coalesce(community, 'all') AS community, mineral, country,
       stance, sum(items)::BIGINT AS items
FROM base.series_pairs
GROUP BY GROUPING SETS ((week_start, community, mineral, country, stance), (week_start, mineral, country, stance));
COMMENT ON VIEW pairs_weekly IS 'One row for each ISO week, community, mineral, country and stance that has items naming both: plain counts';
COMMENT ON COLUMN pairs_weekly.week IS 'ISO 8601 week of publication, UTC, such as 2026-W47';
COMMENT ON COLUMN pairs_weekly.week_start IS 'The week''s Monday';
COMMENT ON COLUMN pairs_weekly.community IS 'A community, or all for their sum';
COMMENT ON COLUMN pairs_weekly.mineral IS 'The mineral, as in minerals';
COMMENT ON COLUMN pairs_weekly.country IS 'The country, as in countries';
COMMENT ON COLUMN pairs_weekly.stance IS 'realist, industrial_collaboration, skeptic, none or abstained';
COMMENT ON COLUMN pairs_weekly.items IS 'Number of items that name both, whatever they say of the two; those with a guessed date are left out';

CREATE VIEW volumes_weekly AS
SELECT strftime(week_start, '%G-W%V') AS week, week_start, community, dimension, entity, told.told,
       volumes.expected, coalesce(volumes.verdict, 'too little data') AS verdict
FROM (
    SELECT week_start, community, dimension, entity, sum(weight)::BIGINT AS told FROM base.series_tallies GROUP BY ALL
) AS told
LEFT JOIN base.series_volumes AS volumes USING (week_start, community, dimension, entity);
COMMENT ON VIEW volumes_weekly IS 'One row for each ISO week, community and entity that was spoken of: how much, and whether that is a burst';
COMMENT ON COLUMN volumes_weekly.week IS 'ISO 8601 week of publication, UTC, such as 2026-W47';
COMMENT ON COLUMN volumes_weekly.week_start IS 'The week''s Monday';
COMMENT ON COLUMN volumes_weekly.community IS 'A community, or all for their sum';
COMMENT ON COLUMN volumes_weekly.dimension IS 'As in series_weekly';
COMMENT ON COLUMN volumes_weekly.entity IS 'As in series_weekly';
COMMENT ON COLUMN volumes_weekly.told IS 'Stories of news and posts; an author counts 3 times at most';
COMMENT ON COLUMN volumes_weekly.expected IS 'What the 26 weeks before let expect, without those that had gaps or were unusual; NULL where they are fewer than 8';
COMMENT ON COLUMN volumes_weekly.verdict IS 'burst (more than chance explains), as usual, too little data, or gap: fewer than 80 % of the channels delivered';

CREATE VIEW coverage AS
SELECT run_id, channel, due_at, state, fetched, new, updated, dropped, reason, recorded_at FROM base.coverage;
COMMENT ON VIEW coverage IS 'One row for each channel of each collecting run: what it yielded, or why it did not';
COMMENT ON COLUMN coverage.run_id IS 'The run in runs';
COMMENT ON COLUMN coverage.channel IS 'The feed or subreddit, as named in channels.toml';
COMMENT ON COLUMN coverage.due_at IS 'When the channel was due (an instant); the time of the run when it was asked early';
COMMENT ON COLUMN coverage.state IS 'ok, empty, not_modified, moved, silent (delivered) or soft, hard, gone, blocked, not_a_feed, no_keys';
COMMENT ON COLUMN coverage.fetched IS 'Entries on its pages';
COMMENT ON COLUMN coverage.new IS 'Items not seen before';
COMMENT ON COLUMN coverage.updated IS 'Known items whose title, text or address changed';
COMMENT ON COLUMN coverage.dropped IS 'Entries that could not become items';
COMMENT ON COLUMN coverage.reason IS 'Why the state is what it is; empty when there is nothing to say';
COMMENT ON COLUMN coverage.recorded_at IS 'When that was noted (an instant)';

CREATE VIEW readings AS
SELECT item_id, version, model, skipped, scanned_at AS read_at FROM base.scans
UNION ALL
SELECT item_id, version, model, skipped, scanned_at FROM base.former_scans;
COMMENT ON VIEW readings IS 'One row for each time a version of an item was read to be labelled';
COMMENT ON COLUMN readings.item_id IS 'The item in items';
COMMENT ON COLUMN readings.version IS 'The version that was read';
COMMENT ON COLUMN readings.model IS 'The model that it was read for, in models';
COMMENT ON COLUMN readings.skipped IS 'Why it got no label; NULL where it got one';
COMMENT ON COLUMN readings.read_at IS 'When (an instant)';

CREATE VIEW gaps AS
SELECT channel, from_at, to_at, reason, filled_at FROM base.gaps;
COMMENT ON VIEW gaps IS 'One row for each stretch of a channel''s time in which items may have been lost';
COMMENT ON COLUMN gaps.channel IS 'The feed or subreddit, as named in channels.toml';
COMMENT ON COLUMN gaps.from_at IS 'Where it begins (an instant); NULL when unknown';
COMMENT ON COLUMN gaps.to_at IS 'Where it ends (an instant)';
COMMENT ON COLUMN gaps.reason IS 'Why items may have been lost';
COMMENT ON COLUMN gaps.filled_at IS 'When archives that cover all of it had been read (an instant); NULL while it is open';

CREATE VIEW archives AS
SELECT archive, file, size, kind, asked, lines, seen, kept, erased, bad, started_at, updated_at, outcome, reason
FROM base.archives;
COMMENT ON VIEW archives IS 'One row for each Reddit archive that was read, by what it was asked for';
COMMENT ON COLUMN archives.archive IS 'Identity of the file and of what was asked of it';
COMMENT ON COLUMN archives.file IS 'Its name';
COMMENT ON COLUMN archives.size IS 'Its size in bytes';
COMMENT ON COLUMN archives.kind IS 'submissions or comments';
COMMENT ON COLUMN archives.asked IS 'Subreddits, time and vocabulary that it was asked for';
COMMENT ON COLUMN archives.lines IS 'How many of its lines were read';
COMMENT ON COLUMN archives.seen IS 'How many of them were of the subreddits asked for';
COMMENT ON COLUMN archives.kept IS 'How many became items that were not in the store yet';
COMMENT ON COLUMN archives.erased IS 'How many items it showed to be deleted at Reddit, whose words were erased';
COMMENT ON COLUMN archives.bad IS 'How many lines could not be used; the first 10,000 of them are in quarantine';
COMMENT ON COLUMN archives.started_at IS 'When it was begun (an instant)';
COMMENT ON COLUMN archives.updated_at IS 'When it was read last (an instant)';
COMMENT ON COLUMN archives.outcome IS 'done or damaged; NULL while it is not through: the same command goes on with it';
COMMENT ON COLUMN archives.reason IS 'What is wrong with it, where it is damaged';

CREATE VIEW quarantine AS
SELECT archive, file, line, quarantine.reason, noted_at FROM base.quarantine JOIN base.archives USING (archive);
COMMENT ON VIEW quarantine IS 'One row for each line of an archive that could not be used';
COMMENT ON COLUMN quarantine.archive IS 'The archive in archives';
COMMENT ON COLUMN quarantine.file IS 'Its name';
COMMENT ON COLUMN quarantine.line IS 'The number of the line, from 1';
COMMENT ON COLUMN quarantine.reason IS 'What is wrong with it';
COMMENT ON COLUMN quarantine.noted_at IS 'When it was found (an instant)';

CREATE VIEW deliveries AS
SELECT week, recipient, kind, state, tries, changed_at, reason, message_id FROM base.deliveries;
COMMENT ON VIEW deliveries IS 'One row for each week''s digest and each of its recipients: how sending it fares';
COMMENT ON COLUMN deliveries.week IS 'ISO 8601 week that the digest tells, such as 2026-W47';
COMMENT ON COLUMN deliveries.recipient IS 'Keyed hash of the address, which is not in the store: the same address has the same one every week';
COMMENT ON COLUMN deliveries.kind IS 'email, or the kind of chat or service';
COMMENT ON COLUMN deliveries.state IS 'sent, waiting (tried again by the next sending), failed (something is to be mended first), sending (under way, or cut off)';
COMMENT ON COLUMN deliveries.tries IS 'How often it was begun';
COMMENT ON COLUMN deliveries.changed_at IS 'When that became its state (an instant)';
COMMENT ON COLUMN deliveries.reason IS 'Why it waits or failed; without addresses';
COMMENT ON COLUMN deliveries.message_id IS 'Message-ID of the e-mail; NULL in chats';

CREATE VIEW purges AS
SELECT item_id, what, reason, noticed_at, erased_at, run_id FROM base.purges;
COMMENT ON VIEW purges IS 'One row for each thing that was erased because its source or its author took it back';
COMMENT ON COLUMN purges.item_id IS 'The item in items, without its words; NULL where all authors'' hashes were replaced';
COMMENT ON COLUMN purges.what IS 'item, author (the account was deleted, the item stays) or author_hashes (the key was changed)';
COMMENT ON COLUMN purges.reason IS 'Why: what Reddit shows in its place, who removed it, vanished, or how it was found';
COMMENT ON COLUMN purges.noticed_at IS 'When that was found (an instant)';
COMMENT ON COLUMN purges.erased_at IS 'When no file of the home held a trace of it any more (an instant); NULL while that is to be done';
COMMENT ON COLUMN purges.run_id IS 'The run in runs that found it';

CREATE VIEW runs AS
SELECT run_id, kind, version, started_at, finished_at, outcome FROM base.runs;
COMMENT ON VIEW runs IS 'One row for each job that wrote to the store';
COMMENT ON COLUMN runs.run_id IS 'Identity of the run';
COMMENT ON COLUMN runs.kind IS 'The job, such as collect';
COMMENT ON COLUMN runs.version IS 'Version of the product that ran it';
COMMENT ON COLUMN runs.started_at IS 'When it began (an instant)';
COMMENT ON COLUMN runs.finished_at IS 'When it ended (an instant); NULL while running and where it was killed';
COMMENT ON COLUMN runs.outcome IS 'How it ended; killed where it never did; NULL while running';

CREATE VIEW models AS
SELECT model, quality, card, registered_at, last_used_at,
       coalesce(told, 'None: nothing is known of this model''s errors; its shares are plain counts.') AS correction
FROM base.models LEFT JOIN base.validations USING (model);
COMMENT ON VIEW models IS 'One row for each model that has labelled here';
COMMENT ON COLUMN models.model IS 'Identity of the model, as in labels';
COMMENT ON COLUMN models.quality IS 'One sentence on how well it does';
COMMENT ON COLUMN models.correction IS 'What the correction of its shares rests on, in one sentence';
COMMENT ON COLUMN models.card IS 'Its model card, in Markdown';
COMMENT ON COLUMN models.registered_at IS 'When it was first used here (an instant)';
COMMENT ON COLUMN models.last_used_at IS 'When it last labelled (an instant); NULL before its first label';

CREATE VIEW alerts AS
SELECT condition, text, opened_at, told_at, cleared_at FROM base.alerts;
COMMENT ON VIEW alerts IS 'One row for each thing that was found to be wrong, from when it was seen until it was well again';
COMMENT ON COLUMN alerts.condition IS 'What is wrong, such as dead:CHANNEL, nothing, disk, abstention, drift:FEATURE, digest:WEEK or unchecked';
COMMENT ON COLUMN alerts.text IS 'The same in a sentence, with the numbers of the moment in which it was seen';
COMMENT ON COLUMN alerts.opened_at IS 'When it was seen first (an instant)';
COMMENT ON COLUMN alerts.told_at IS 'When it was told to the addresses of ORESIGHT_NOTIFY_URLS (an instant); NULL before, and without addresses';
COMMENT ON COLUMN alerts.cleared_at IS 'When it was seen to be well again (an instant); NULL while it is wrong';
