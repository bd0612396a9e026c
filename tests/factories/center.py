"""The center's own rows."""

from typing import Any

from portal.center.models import SettingsVersion
from tests.factories import factory
from tests.factories.people import BEFORE


@factory
def make_settings(version: int = 1, **values: Any) -> SettingsVersion:
    return SettingsVersion(id=version, values=values, changed_at=BEFORE)
