-- Which version of what people wrote the tables below were filled from.
CREATE TABLE base.sources (name VARCHAR NOT NULL, version VARCHAR NOT NULL);

CREATE TABLE base.themes (
    theme VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    instruments VARCHAR[] NOT NULL,
    stages VARCHAR[] NOT NULL,
    phrases VARCHAR[] NOT NULL
);

CREATE TABLE base.theme_entities (theme VARCHAR NOT NULL, type VARCHAR NOT NULL, entity VARCHAR NOT NULL);

-- Themes by phrase; NULL where the words have not been searched yet.
ALTER TABLE base.labels ADD COLUMN themes VARCHAR[];

CREATE TABLE base.minerals (
    mineral VARCHAR NOT NULL,
    symbol VARCHAR,
    kind VARCHAR NOT NULL,
    parent_group VARCHAR NOT NULL,
    family VARCHAR NOT NULL,
    lists VARCHAR[] NOT NULL
);

CREATE TABLE base.mineral_lists (
    mineral VARCHAR NOT NULL,
    list VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    dated VARCHAR NOT NULL,
    via_group BOOLEAN NOT NULL,
    checked BOOLEAN NOT NULL
);

CREATE TABLE base.countries (
    country VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    iso2 VARCHAR,
    capital VARCHAR,
    region VARCHAR NOT NULL,
    subregion VARCHAR,
    groups VARCHAR[] NOT NULL
);

CREATE TABLE base.instruments (
    instrument VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    owners VARCHAR[] NOT NULL
);
