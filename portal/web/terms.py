"""The trade's codes in the words of a page. Staff say "consent"; families say "permission"."""

from flask_babel import lazy_gettext as _

from portal.consent.rules import Scope
from portal.people.models import LevelOfCare, RelationshipCode, Role

RELATIONS = {
    RelationshipCode.MOTHER: _("mother"),
    RelationshipCode.FATHER: _("father"),
    RelationshipCode.SPOUSE: _("spouse"),
    RelationshipCode.PARTNER: _("partner"),
    RelationshipCode.CHILD: _("grown child"),
    RelationshipCode.SIBLING: _("sibling"),
    RelationshipCode.GRANDPARENT: _("grandparent"),
    RelationshipCode.GUARDIAN: _("guardian"),
    RelationshipCode.OTHER_RELATIVE: _("other relative"),
    RelationshipCode.FRIEND: _("friend"),
}

SCOPES = {
    Scope.SESSIONS: _("Family sessions they may join"),
    Scope.LESSONS: _("Lessons that the team picks"),
    Scope.PROGRAM_TIMES: _("Program times, without group names"),
    Scope.GROUP_NAMES: _("Names of groups, with the times"),
    Scope.PROGRAM_STEP: _("The week and step of the program"),
    Scope.FINISHED_OR_LEFT: _("Having finished or left the program"),
}
"""For staff, on drafts and lists. What the client signs has its own words in `consent.wording`."""

LEVELS = {
    LevelOfCare.RESIDENTIAL: _("Residential"),
    LevelOfCare.PHP: _("Partial hospitalization"),
    LevelOfCare.IOP: _("Intensive outpatient"),
    LevelOfCare.OUTPATIENT: _("Outpatient"),
}

ROLES = {
    Role.THERAPIST: _("therapist"),
    Role.COORDINATOR: _("coordinator"),
    Role.ADMIN: _("administrator"),
    Role.PRIVACY_OFFICER: _("privacy officer"),
}


def relation(code: RelationshipCode) -> str:
    """What the person is to the client, in a word."""
    return str(RELATIONS[code])
