"""The statement on passing on, 42 CFR 2.32, in full and in short; versioned, never edited.

The English full text is the rule's own Statement 1 (89 FR 12472); the Spanish is a
translation for counsel to confirm. A disclosure in the ledger names its version.
"""

NOTICE_VERSION = 1

SHORT = {
    "en": "42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
    "es": "42 CFR parte 2 prohíbe el uso o la divulgación no autorizados de estos registros.",
}

FULL = {
    "en": (
        "This record which has been disclosed to you is protected by Federal confidentiality rules (42 "
        "CFR part 2). These rules prohibit you from using or disclosing this record, or testimony that "
        "describes the information contained in this record, in any civil, criminal, administrative, or "
        "legislative proceedings by any Federal, State, or local authority, against the patient, unless "
        "authorized by the consent of the patient, except as provided at 42 CFR 2.12(c)(5) or as "
        "authorized by a court in accordance with 42 CFR 2.64 or 2.65. In addition, the Federal rules "
        "prohibit you from making any other use or disclosure of this record unless at least one of the "
        "following applies:",
        "(i) Further use or disclosure is expressly permitted by the written consent of the individual "
        "whose information is being disclosed in this record or as otherwise permitted by 42 CFR part 2.",
        "(ii) You are a covered entity or business associate and have received the record for treatment, "
        "payment, or health care operations, or",
        "(iii) You have received the record from a covered entity or business associate as permitted by "
        "45 CFR part 164, subparts A and E.",
        "A general authorization for the release of medical or other information is NOT sufficient to "
        "meet the required elements of written consent to further use or redisclose the record (see 42 "
        "CFR 2.31).",
    ),
    "es": (
        "Este registro que se le ha divulgado está protegido por las normas federales de confidencialidad "
        "(42 CFR parte 2). Estas normas le prohíben usar o divulgar este registro, o un testimonio que "
        "describa la información que contiene, en cualquier procedimiento civil, penal, administrativo o "
        "legislativo de una autoridad federal, estatal o local en contra del paciente, salvo que el "
        "paciente lo autorice con su consentimiento, excepto lo dispuesto en 42 CFR 2.12(c)(5) o lo que "
        "autorice un tribunal conforme a 42 CFR 2.64 o 2.65. Además, las normas federales le prohíben "
        "hacer cualquier otro uso o divulgación de este registro, salvo que se cumpla al menos una de "
        "estas condiciones:",
        "(i) El uso o la divulgación posterior está expresamente permitido por el consentimiento por "
        "escrito de la persona cuya información se divulga en este registro, o lo permite de otro modo 42 "
        "CFR parte 2.",
        "(ii) Usted es una entidad cubierta o un socio comercial y recibió el registro para tratamiento, "
        "pago u operaciones de atención de la salud, o",
        "(iii) Usted recibió el registro de una entidad cubierta o de un socio comercial según lo permite "
        "45 CFR parte 164, subpartes A y E.",
        "Una autorización general para divulgar información médica o de otro tipo NO basta para cumplir "
        "los elementos exigidos del consentimiento por escrito para seguir usando o volver a divulgar el "
        "registro (vea 42 CFR 2.31).",
    ),
}
