"""One sentence for each reason to refuse: what is wrong, then what to do.

The keys are the codes of `core.errors.Refused`. A test finds every code raised in the
portal and fails when one has no sentence here.
"""

from flask_babel import gettext, lazy_gettext

from portal.core.errors import Refused

_ = lazy_gettext

SENTENCES = {
    "address_not_understood": _(
        "This does not look like an e-mail address. Type it again, such as ana@mail.example."
    ),
    "changed_meanwhile": _("This changed while you were looking at it. Look again, then decide."),
    "nothing_told": _("Nothing is written yet. Write a few words, then send."),
    "task_ended": _("This task has ended. Open the list again to see what is left."),
    # consent
    "already_named": _("You have named this person already. Go back to find them on your list."),
    "agree_first": _("The box is empty. Tick “I agree” if you want to sign."),
    "client_cannot_sign": _("This client cannot sign. Talk to your privacy officer before you go on."),
    "end_is_past": _("This date has passed. Choose today or a later day."),
    "end_too_late": _("This date is more than 12 months away. Choose an earlier day."),
    "group_names_need_program_times": _(
        "Group names only make sense with program times. Tick program times too, or take group names away."
    ),
    "place_name_missing": _("The name is missing. Type the name of the place."),
    "zone_unknown": _("This time zone is not known. Choose one from the list."),
    "minor_basis_missing": _("The law that the rule rests on is missing. Write the state and the section."),
    "birth_date_same": _("This is the date that is on file already. Enter the right one, or go back."),
    "day_ahead": _("This day lies ahead. Enter today or an earlier day."),
    "ends_before_start_of_care": _("The program had not begun on this day. Enter a later day."),
    "episode_runs": _("A program of this client's is running. End that one first."),
    "no_open_episode": _("No program of this client's is running. Look at the client's page."),
    "came_of_age": _("The client is 18 by now and signs alone. Prepare a new consent."),
    "end_after_birthday": _(
        "A consent with a guardian's signature ends before the 18th birthday. Choose an earlier day."
    ),
    "missing_guardian_basis": _("It is not said why this person may sign. Choose the basis."),
    "missing_guardian_name": _("The name of the parent or guardian is missing. Type their full name."),
    "missing_guardian_relationship": _("It is not said who this person is to the client. Choose it."),
    "paper_date_missing": _(
        "The date on the paper is missing or lies ahead. Enter the day of the signature."
    ),
    "hold_undo_over": _(
        "Only the person who pressed it can undo this, within 10 minutes. Now the client has to say so."
    ),
    "minor_rule_missing": _(
        "This client is under 18, and the rule of this state is not entered yet. Ask your administrator."
    ),
    "missing_client_name": _("The client's name is missing. Enter it, then prepare the consent again."),
    "missing_discloser": _("The program's name is missing. Ask your administrator to enter it."),
    "missing_expires_on": _("The end date is missing. Choose the last day."),
    "missing_purpose": _("The purpose is missing. Choose what this is for."),
    "missing_recipient_name": _(
        "The name has to be that of one person. Enter this person's full name, then prepare it again."
    ),
    "missing_recipient_relationship": _("It is not said who this person is to the client. Enter it."),
    "missing_redisclosure_statement": _(
        "The statement about passing on is missing from the text. Tell your administrator."
    ),
    "missing_refusal_statement": _(
        "The statement about saying no is missing from the text. Tell your administrator."
    ),
    "missing_revocation_statement": _(
        "The statement about stopping is missing from the text. Tell your administrator."
    ),
    "missing_scopes": _("No box is ticked. Tick at least one thing that this person may see."),
    "missing_signed_on": _("The date of signing is missing. Sign again."),
    "missing_signer_name": _("Your name is missing. Type your name as it stands above."),
    "name_differs": _("Type your name as it stands above."),
    "no_notice_yet": _("No notice is in force yet. Ask the privacy officer to publish one."),
    "notice_date_past": _("The date has passed. Choose today or a later day, then publish."),
    "notice_misses_complaints": _("“Complaints” is not ticked. Check the text, tick it, then publish."),
    "notice_misses_courts": _("“Proceedings” is not ticked. Check the text, tick it, then publish."),
    "notice_misses_duties": _("“The program's duties” is not ticked. Check the text, tick it, then publish."),
    "notice_misses_header": _("“What this notice is” is not ticked. Check the text, tick it, then publish."),
    "notice_misses_rights": _("“The client's rights” is not ticked. Check the text, tick it, then publish."),
    "notice_misses_single_consent": _(
        "“One single consent” is not ticked. Check the text, tick it, then publish."
    ),
    "notice_misses_uses": _(
        "“Uses with and without consent” is not ticked. Check the text, tick it, then publish."
    ),
    "notice_misses_withdrawal": _(
        "“The right to withdraw” is not ticked. Check the text, tick it, then publish."
    ),
    "notice_text_missing": _("The text or the contact is missing in one language. Write both, then publish."),
    "nothing_to_sign": _("Nothing waits for this client's signature. Prepare a consent first."),
    "nothing_left": _("This would take everything away. Use “Stop sharing” for that."),
    "only_client_lifts": _("Only the client can end this hold. Ask the client."),
    "relationship_ended": _("This person is no longer linked to the client. Link them again first."),
    "text_changed": _("The text changed while you were reading. Read it again, then sign."),
    "waited_too_long": _("This waited more than 14 days for a signature. Prepare a new one."),
    "witness_missing": _("A staff member has to witness this. Open the signing from the staff pages."),
    # sessions
    "bring_needs_both": _("What to bring is there in one language only. Enter it in both, or in none."),
    "center_closed_already": _("This center is closed today already. Look at the page of the closed day."),
    "call_not_allowed": _("The consent is not usable now, so nobody calls. Take this person off your list."),
    "choose_a_reason": _("The reason is missing. Choose one from the list."),
    "ends_before_start": _("The session would end before it begins. Enter how many minutes it lasts."),
    "give_up_closed": _("It begins soon, so this page cannot change your place any more. Call the office."),
    "just_filled": _("Someone took the last place a moment ago. You can join the waitlist."),
    "kind_is_fixed": _("Somebody is signed up, so the kind stays. Cancel this session and plan a new one."),
    "logistics_note_too_long": _(
        "This note is longer than %(most)s characters. Shorten it, then save it again."
    ),
    "no_place_free": _("No place is free. Add a place first, or wait until one is given up."),
    "no_such_time": _("The clocks skip this time on that day. Enter another time."),
    "offer_over": _("This offer has ended, and the place went on. You can join the waitlist again."),
    "session_is_cancelled": _("This session is cancelled. Look at the other dates."),
    "sign_up_closed": _("Sign-up for this session is over. Call the office, or look at the other dates."),
    "single_family_needs_client": _(
        "An evening for a single family needs its client, and no other kind has one. Change one of the two."
    ),
    "adult_missing": _(
        "Somebody under 18 comes with an adult who has a place. Save the adult's place first, then this one."
    ),
    "companion_no_place": _("No place is free for one more person. Call the office, and we will look."),
    "companion_not_possible": _(
        "We cannot add this person here. Each person needs a permission of their own: call the office."
    ),
    "companions_full": _("You have added as many people as this session allows. Call the office for more."),
    "keep_apart_needs_two": _("This needs two different people. Choose the other person."),
    "kept_apart": _(
        "A keep-apart flag stands between this person and somebody in this session. Choose another session."
    ),
    "not_open_for_you": _("This session is not open for you. Call the office, and we will find another way."),
    "nothing_ahead": _("No evening lies ahead. Choose a later day, or take fewer days out."),
    "series_too_long": _("This makes more than %(most)s evenings. Choose an earlier end."),
    "sign_up_not_open": _("Sign-up has not begun yet. Look at the day on this page, then come back."),
    "starts_in_past": _("This time has passed. Choose a later day or time."),
    "title_missing": _("The title is missing. Enter it in at least one language for a draft."),
    "title_needs_both": _("The title is missing in one language. Enter both, then publish."),
    # people
    "end_before_start": _("The last day lies before the first. Change one of the two."),
    "same_therapist": _("This is the same person. Choose the colleague who takes over."),
    "phone_word_short": _(
        "This word is short. Use at least %(least)s letters, or leave it empty to have none."
    ),
    "nothing_chosen": _("No box is ticked. Tick what you told, then write it down."),
    "already_related": _("This person is already linked to this client. Change the entry there."),
    "client_known": _("A client with this name and birth date is already here. Look at the caseload."),
    "consent_needed": _("This needs a signed consent first. Prepare one and let the client sign it."),
    "no_open_invitation": _(
        "There is no open invitation. The client can ask for a new code, at the desk or in their account."
    ),
    "own_account": _("This is your own account. Ask another administrator to do it."),
    "other_account": _("You are signed in with another account. Sign out, then open the link again."),
    # accounts
    "nobody_of_this_name": _("Nobody signs in with this name. Ask them how they write it."),
    "no_second_step": _(
        "This person signs in without a code. They can reset their passphrase by themselves."
    ),
    "second_person": _("A second person must agree, and not the one whose phone it is. Ask a colleague."),
    "sign_in_wrong": _("That name and passphrase do not match. Check both, or call the office."),
    "code_wrong": _(
        "That code does not match, or it was used already. Wait for the next code, then type it here."
    ),
    "passphrase_wrong": _(
        "That is not your present passphrase. Check it, wait a minute and try again, or ask for a reset."
    ),
    "name_missing": _("Type a sign-in name of at least 3 characters, such as your e-mail address."),
    "has_account": _("This person has an account already. They can sign in, or reset their passphrase."),
    "no_address": _("There is no e-mail address for this person. Enter one, then invite again."),
    "name_taken": _("This sign-in name is in use. Choose another one."),
    "passphrase_too_short": _(
        "This passphrase is too short. Use at least %(least)s characters; a few words work well."
    ),
    "passphrase_too_long": _("This passphrase is too long. Use at most %(most)s characters."),
    "passphrase_well_known": _(
        "This passphrase is well known or easy to guess. Choose words that only you would put together."
    ),
    # education
    "lesson_file_missing": _("A file is missing. A lesson needs one in English and one in Spanish."),
    "note_too_long": _("This note is longer than 5,000 characters. Shorten it, then save it again."),
    "line_missing": _("The line is empty. Write what you want to remember."),
    "line_too_long": _("A line has at most 300 characters. Shorten it, or make two of it."),
    "list_full": _("The list has 60 lines. Take one off before you add another."),
    "lesson_consent_ended": _("Consent for %(name)s is no longer active. Nothing was sent to anyone."),
    "lesson_parts_left": _("Some parts of this lesson are not read yet. Go on where you stopped."),
    "suggested_by_past": _("This day has passed. Choose today or a later day, or leave it empty."),
    # imports
    "file_too_large": _("This file is larger than %(megabytes)s MB. Divide it and bring in the parts."),
    "file_not_utf8": _("This file is not UTF-8 text. In your spreadsheet, save it as “CSV UTF-8”."),
    "file_empty": _("This file has no rows. Fill it in as the example shows, then choose it again."),
    "file_broken": _(
        "Row %(row)s cannot be read: a quotation mark is open or out of place. Mend it, then choose it again."
    ),
    "columns_missing": _("These columns are missing: %(names)s. Add them to the first row."),
    "columns_unknown": _("These columns are not known: %(names)s. Take them out of the first row."),
    "columns_twice": _("A column name stands twice in the first row. Take one of them out."),
    "row_too_long": _("Row %(row)s has more cells than the first row, or a long text. Check its commas."),
    "too_many_rows": _("This file has more than %(most)s rows. Divide it and bring in the parts."),
    "import_has_problems": _(
        "%(rows)s rows have a problem, so nothing was written. Mend them in your file and choose it again."
    ),
    "time_not_understood": _("“%(text)s” in column “%(column)s” is not a time. Write 5:30 PM or 17:30."),
    "date_not_understood": _("“%(text)s” in column “%(column)s” is not a date. Write 2026-01-05."),
    "weekday_not_understood": _("“%(text)s” in column “%(column)s” is not a day. Write Tue or Mon-Thu."),
    "weeks_not_understood": _("“%(text)s” in column “%(column)s” is not a number from 1 to 52."),
    "yes_no_not_understood": _("“%(text)s” in column “%(column)s” is neither yes nor no. Write one of them."),
    "name_not_possible": _("Column “%(column)s” is empty or too long. Write up to %(most)s letters."),
    "location_unknown": _("There is no location “%(name)s”. Check the spelling, or ask your administrator."),
    "program_unknown": _(
        "It is not clear which program of “%(name)s” this is. Name it in a column “program”, "
        "or ask your administrator to enter it."
    ),
    "row_twice": _("This is the same group at the same time as row %(row)s. Take one of them out."),
    "weeks_differ": _("This track lasts %(weeks)s weeks elsewhere. Write the same number in its rows."),
    "group_differs": _("This group is there already with other dates or another end. Write it as it is."),
    "calendar_broken": _("This calendar file cannot be read. Export it again, then choose it again."),
    "calendar_rule_not_understood": _(
        "This event repeats in a way we do not know. Let it repeat by day, week or month, up to 1,000 times."
    ),
    "rule_never_ends": _(
        "This event repeats without an end. Give it a last day, then choose the file again."
    ),
    "too_many_times": _("This event repeats more than 200 times. Give it an earlier last day."),
    "event_in_other_zone": _("This event repeats in another time zone. Save it in the location's own zone."),
    "event_without_times": _("This event has no start or end with a time. Add them in your calendar."),
    "client_unknown": _("No client of yours fits this row. Check the number, or the name and birth date."),
    "client_of_other_location": _("This client is at another location. Ask its coordinator."),
    "record_number_differs": _("This client has the record number %(number)s here. Check the row."),
    "person_twice": _("This is the same person as in row %(row)s. Take one of them out."),
    "session_twice": _("This is the same session as in row %(row)s. Take one of them out."),
    "track_unknown": _(
        "There is no track “%(name)s” at this location. Check the spelling, or enter it first."
    ),
    "therapist_unknown": _("No therapist has the address “%(name)s”. Check it, or leave the cell empty."),
    "cell_not_an_address": _("“%(text)s” in column “%(column)s” is not an e-mail address. Mend or empty it."),
    "language_not_understood": _("“%(text)s” in column “%(column)s” is not en or es. Write one of them."),
    "ending_not_understood": _(
        "Column “%(column)s” says “%(text)s”. With a last day, write finished or left."
    ),
    "relationship_not_understood": _(
        "“%(text)s” in column “%(column)s” is not a relationship. "
        "Write mother, partner or another of the list."
    ),
    "session_kind_not_understood": _(
        "“%(text)s” in column “%(column)s” is not a kind. "
        "Write multi-family, education evening or open house."
    ),
    "places_not_understood": _("“%(text)s” in column “%(column)s” is not a number from 0 to 500."),
    "meeting_not_understood": _("“%(text)s” in column “%(column)s”: write in person, video or both."),
    "file_missing": _("No file was chosen. Choose a CSV file."),
    # schedule
    "rule_not_understood": _("This repetition is not one we know. Choose days of the week and an end."),
    "rule_without_a_day": _("No day falls between the start and the end. Check both dates."),
    "length_not_possible": _("A group lasts between 1 minute and 12 hours. Check the start and the end."),
    "track_named_so": _("The program has a track of this name. Choose another name."),
    "group_has_ended": _("The group has ended by that day. Choose an earlier day, or let it go on first."),
    "days_missing": _("No day of the week is chosen. Choose at least one."),
    "before_episode": _("This day lies before the first day of care. Choose a later day."),
    "level_on_that_day": _("Another level is entered for that day. Take it back first."),
    "track_of_other_location": _("This track belongs to another location. Choose one of the client's own."),
    "last_day_before_first": _("The last day lies before the first. Check both dates."),
    "already_on_a_track": _("The client already follows a track on these days. End that one first."),
    "occurs_already": _("This group already meets at that time. Choose another time."),
    "day_closed": _("The location is closed on that day. Choose another day, or end the closure."),
    "reason_not_known": _("Choose a reason from the list."),
    "too_long_closed": _("A closure lasts at most 60 days. Enter it in parts."),
}


def sentence(refusal: Refused) -> str:
    """The sentence for a refusal, in the language of this request."""
    text = SENTENCES.get(refusal.code)
    if text is None:
        return gettext("That did not work, and nothing was changed. Call the office and we will help.")
    return str(text) % refusal.detail if refusal.detail else str(text)
