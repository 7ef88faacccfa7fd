"""HL7 V3 messages of the patient transactions (ITI TF-2: Appendix O), values in and values out."""
