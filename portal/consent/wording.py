"""The words of a consent, in English and Spanish (42 CFR 2.31(a)).

For counsel to confirm: the wording is the portal's own and nobody's legal advice. A change
of any word here needs a new `TEMPLATE_VERSION`; signed texts are stored whole and stay.
"""

from portal.consent.rules import Scope

TEMPLATE_VERSION = "family-2"

FOR_COUNSEL = True
"""Nobody has confirmed this wording yet; staff pages say so."""

LANGUAGES = ("en", "es")

PURPOSES = {
    "en": {
        "family_program": "So that this person can take part in the family program and support me.",
        "own_request": "At my own request.",
    },
    "es": {
        "family_program": "Para que esta persona pueda participar en el programa familiar y apoyarme.",
        "own_request": "A petición mía.",
    },
}

RELATIONSHIPS = {
    "en": {
        "spouse": "spouse",
        "partner": "partner",
        "mother": "mother",
        "father": "father",
        "child": "child",
        "sibling": "sibling",
        "grandparent": "grandparent",
        "other_relative": "relative",
        "friend": "friend",
        "guardian": "guardian",
    },
    "es": {
        "spouse": "cónyuge",
        "partner": "pareja",
        "mother": "madre",
        "father": "padre",
        "child": "hijo o hija",
        "sibling": "hermano o hermana",
        "grandparent": "abuelo o abuela",
        "other_relative": "pariente",
        "friend": "amigo o amiga",
        "guardian": "tutor o tutora",
    },
}

INFORMATION = {
    "en": {
        Scope.SESSIONS: "Family sessions: the dates, times and places of family sessions this person may "
        "join, and messages to this person about those sessions.",
        Scope.LESSONS: "Lessons: the family lessons that my care team picks for us, and messages to this "
        "person about those lessons.",
        Scope.PROGRAM_TIMES: "Program times: the days and hours in which my program takes place, without "
        "any group name. If my times change or stop, this person will see that.",
        Scope.GROUP_NAMES: "Group names: the names of the groups on my schedule.",
        Scope.PROGRAM_STEP: "Program step: the week of the program I am in and my level of care.",
        Scope.FINISHED_OR_LEFT: "That I finished the program or left it, and when.",
    },
    "es": {
        Scope.SESSIONS: "Sesiones familiares: los días, las horas y los lugares de las sesiones familiares "
        "a las que esta persona puede asistir, y mensajes a esta persona sobre esas sesiones.",
        Scope.LESSONS: "Lecciones: las lecciones para la familia que mi equipo elige para nosotros, y "
        "mensajes a esta persona sobre esas lecciones.",
        Scope.PROGRAM_TIMES: "Horario del programa: los días y las horas de mi programa, sin nombres de "
        "grupos. Si mi horario cambia o se detiene, esta persona lo verá.",
        Scope.GROUP_NAMES: "Nombres de los grupos: los nombres de los grupos de mi horario.",
        Scope.PROGRAM_STEP: "Etapa del programa: la semana del programa en la que estoy y mi nivel de "
        "atención.",
        Scope.FINISHED_OR_LEFT: "Que terminé el programa o lo dejé, y cuándo.",
    },
}

REVOCATION = {
    "en": "I can change or stop this permission at any time, in writing. I can do it on the page “Who can "
    "see what” of my account, or with a signed note to the office: {office}. It ends at once. What was "
    "already shared because of this permission cannot be taken back. If I only say it, staff pause the "
    "sharing at once and then ask me to put it in writing.",
    "es": "Puedo cambiar o terminar este permiso en cualquier momento, por escrito. Puedo hacerlo en la "
    "página “Quién puede ver qué” de mi cuenta o con una nota firmada a la oficina: {office}. Termina de "
    "inmediato. Lo que ya se compartió gracias a este permiso no se puede deshacer. Si solo lo digo de "
    "palabra, el personal detiene todo de inmediato y después me pide que lo ponga por escrito.",
}

REDISCLOSURE = {
    "en": "Federal rules (42 CFR part 2) protect these records. This person is told that they may not pass "
    "on what they see, and that it may not be used against me in a court or other proceeding without my "
    "consent or a court order. Still, this person is not a health care provider, and the center cannot "
    "control what they do with what they know.",
    "es": "Las normas federales (42 CFR parte 2) protegen estos datos. A esta persona se le dice que no "
    "puede pasar a otros lo que ve y que no se puede usar en mi contra en un tribunal u otro procedimiento "
    "sin mi consentimiento o una orden judicial. Aun así, esta persona no es un proveedor de salud y el "
    "centro no puede controlar lo que hace con lo que sabe.",
}

REFUSAL = {
    "en": "I do not have to sign. Saying no, or stopping later, does not change my care here, what I pay, or "
    "what I have a right to.",
    "es": "No tengo que firmar. Decir que no, o terminar el permiso más tarde, no cambia mi atención aquí, "
    "lo que pago ni aquello a lo que tengo derecho.",
}

BASES = {
    "en": {
        "parent": "parent",
        "court_guardian": "guardian named by a court",
        "other_authority": "another person with authority under the law, with papers on file",
    },
    "es": {
        "parent": "madre o padre",
        "court_guardian": "tutor o tutora por decisión de un tribunal",
        "other_authority": "otra persona con autoridad según la ley, con los documentos archivados",
    },
}
"""Why somebody may sign beside a client under 18."""

FRAME = {
    "en": {
        "title": "Permission to share information",
        "source": "Written consent under 42 CFR part 2, section 2.31.",
        "who": "Whose information",
        "who_text": "{client}",
        "discloser": "Who may share it",
        "discloser_text": "{discloser}, with its staff and through its family portal.",
        "recipient": "With whom",
        "recipient_text": "{recipient} (relationship to me: {relationship}). Only this one person.",
        "what": "What may be shared",
        "what_text": "That I am a client here, and only the following:",
        "never": "Nothing else may be shared with this permission: no diagnosis, no test results, no "
        "medicines, no notes, not whether I attended, and nothing about a return to use.",
        "purpose": "What for",
        "until": "Until when",
        "until_text": "To the end of {until} ({zone}), unless I stop it sooner.",
        "stop": "How I can change or stop it",
        "onward": "Passing on",
        "refusal": "If I say no",
        "limits": "What this permission is not for",
        "limits_text": "It does not cover counseling notes. It is not for any civil, criminal, "
        "administrative or legislative proceeding. Nobody may use it to raise funds.",
        "copy": "My copy",
        "copy_text": "I get a copy of this permission as soon as I sign it.",
        "signature": "Signature",
        "signed_text": "Signed by {signer} on {on}.",
        "own_account": "Signed electronically, in my own account.",
        "desk": "Signed electronically at the office, in the presence of {witness}.",
        "paper": "Signed on paper; {witness} attests that the original is on file.",
        "guardian": "Signature of a parent or guardian",
        "guardian_text": "The client is under 18. Also signed by {signer} ({relationship}; basis: {basis}) "
        "on {on}. This permission ends at the latest on the client's 18th birthday.",
    },
    "es": {
        "title": "Permiso para compartir información",
        "source": "Consentimiento por escrito según 42 CFR parte 2, sección 2.31.",
        "who": "De quién es la información",
        "who_text": "{client}",
        "discloser": "Quién puede compartirla",
        "discloser_text": "{discloser}, por medio de su personal y de su portal para familias.",
        "recipient": "Con quién",
        "recipient_text": "{recipient} (relación conmigo: {relationship}). Solo con esta persona.",
        "what": "Qué se puede compartir",
        "what_text": "Que recibo atención aquí, y solo lo siguiente:",
        "never": "Con este permiso no se puede compartir nada más: ningún diagnóstico, ningún resultado de "
        "pruebas, ningún medicamento, ninguna nota, ni si asistí, ni nada sobre una vuelta al consumo.",
        "purpose": "Para qué",
        "until": "Hasta cuándo",
        "until_text": "Hasta el final del {until} ({zone}), si no lo termino antes.",
        "stop": "Cómo puedo cambiarlo o terminarlo",
        "onward": "Pasar la información a otros",
        "refusal": "Si digo que no",
        "limits": "Para qué no es este permiso",
        "limits_text": "No abarca las notas de consejería. No es para ningún procedimiento civil, penal, "
        "administrativo o legislativo. Nadie puede usarlo para recaudar fondos.",
        "copy": "Mi copia",
        "copy_text": "Recibo una copia de este permiso en cuanto lo firmo.",
        "signature": "Firma",
        "signed_text": "Firmado por {signer} el {on}.",
        "own_account": "Firmado electrónicamente en mi propia cuenta.",
        "desk": "Firmado electrónicamente en la oficina, en presencia de {witness}.",
        "paper": "Firmado en papel; {witness} da fe de que el original está archivado.",
        "guardian": "Firma de la madre, el padre o el tutor",
        "guardian_text": "La persona atendida es menor de 18 años. Firmado también por {signer} "
        "({relationship}; base: {basis}) el {on}. Este permiso termina a más tardar cuando cumpla 18 años.",
    },
}
