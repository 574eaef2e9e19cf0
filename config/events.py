"""The events of the composing package."""

from governance.ledger.events import declare

DEMO_LOADED = declare("demo.loaded", "Demo loaded", sentence="{actor} loaded {subject}").name
