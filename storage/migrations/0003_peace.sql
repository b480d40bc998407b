-- Until when a channel's server asked to be left alone: this holds even where a person asks for every channel.
ALTER TABLE base.channel_states ADD COLUMN retry_at TIMESTAMPTZ;
