"""Every kind of audit entry, declared once with its exact fields. Other fields raise.

Fields hold ids, codes, states and numbers; never a name, an address or a text.
"""

KINDS: dict[str, frozenset[str]] = {
    kind: frozenset(fields.split())
    for kind, fields in {
        # accounts
        "account.created": "user_id",
        "signin.succeeded": "user_id audience",
        "signin.failed": "user_id step",
        "signin.ended": "user_id reason count",
        "passphrase.reset_asked": "user_id",
        "passphrase.changed": "user_id way",
        "account.disabled": "user_id",
        "account.enabled": "user_id",
        "account.invited": "account_invitation_id invited_kind invited_id",
        "account.accepted": "account_invitation_id user_id",
        "second_factor.set_up": "user_id",
        "second_factor.forgotten": "user_id",
        # people
        "client.created": "",
        "client.viewed": "page",
        "client.access_refused": "",
        "client.family_contact": "unwanted",
        "client.died": "",
        "client.death_taken_back": "",
        "client.discharged": "episode_id ended_on finished",
        "client.returned": "episode_id held",
        "family_member.created": "family_member_id",
        "relationship.created": "relationship_id family_member_id",
        "care_team.joined": "staff_id",
        "episode.started": "episode_id track_id",
        "invitation.opened": "invitation_id relationship_id",
        "invitation.coded": "invitation_id relationship_id",
        "invitation.declined": "invitation_id relationship_id",
        "invitation.sent": "invitation_id relationship_id",
        "invitation.tried": "invitation_id tries_left",
        "invitation.accepted": "invitation_id relationship_id user_id",
        "invitation.ended": "invitation_id reason",
        "staff.created": "staff_id roles",
        "staff.roles_changed": "staff_id roles",
        # consent
        "consent.prepared": "consent_id relationship_id scopes",
        "consent.changed_state": "consent_id from_state to_state event",
        "consent.narrowed": "consent_id scopes",
        "consent.copy_opened": "consent_id",
        "consent.scan_filed": "consent_id",
        "notice.acknowledged": "consent_id notice_version",
        "notice.written": "notice_version_id number",
        "notice.published": "notice_version_id number",
        "notice.given": "notice_version_id method outcome",
        "check_in.answered": "occasion",
        "desk.opened": "desk_signing_id",
        "desk.begun": "desk_signing_id",
        "desk.finished": "desk_signing_id",
        # sessions
        "session.created": "session_id session_kind",
        "session.published": "session_id",
        "session.changed": "session_id names",
        "session.moved": "session_id time_revision affected",
        "session.promise_given": "session_id family_member_id text_version",
        "session.cancelled": "session_id reason affected",
        "session.attendance_recorded": "session_id count",
        "sign_up.changed_state": "sign_up_id session_id family_member_id from_state to_state event",
        "session.person_invited": "session_id family_member_id",
        "session.person_uninvited": "session_id family_member_id",
        "session.client_answered": "session_id answer",
        "series.created": "series_id count",
        "series.changed": "series_id count",
        "standing_place.changed_state": (
            "standing_place_id series_id family_member_id from_state to_state event"
        ),
        "keep_apart.set": "keep_apart_id reason",
        "keep_apart.ended": "keep_apart_id",
        # education
        "lesson.assigned": "assignment_id relationship_id module_id",
        "lesson.closed": "assignment_id relationship_id module_id reason",
        "lesson.published": "module_id",
        "note.shared": "relationship_id module_id",
        "note.taken_back": "relationship_id module_id",
        # mail
        "mail.address_set": "reader_kind reader_id",
        "mail.address_confirmed": "reader_kind reader_id",
        "mail.preferences_changed": "reader_kind reader_id kinds way",
        "mail.decided": "message_id from_state to_state",
        # schedule
        "schedule.track_added": "track_id",
        "schedule.block_added": "track_id block_id",
        "schedule.enrolled": "enrolment_id track_id to_on",
        "schedule.enrolment_ended": "enrolment_id track_id to_on",
        "schedule.occurrence_moved": "block_id original_start time_revision",
        "schedule.occurrence_cancelled": "block_id original_start time_revision",
        "schedule.occurrence_added": "block_id original_start time_revision",
        "schedule.closed": "closure_id location_id",
        "schedule.opened_again": "closure_id location_id",
        "calendar_feed.switched": "family_member_id is_on",
        "timetable.imported": "rows added",
        # oversight
        "task.opened": "task_id task_kind",
        "task.given": "task_id owner_id",
        "task.ended": "task_id to_state",
        # center
        "location.changed": "location_id names",
        "settings.changed": "version names",
    }.items()
}
