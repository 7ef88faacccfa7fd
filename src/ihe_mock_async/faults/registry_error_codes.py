"""The error codes that XDS answers may have (ITI TF-3: Table 4.2.4.1-2), whoever tells them.

With those of the supplements Metadata Update, Remove Metadata and Documents (RMD), and Restricted
Metadata Update (RMU). `xds.error_codes` has those that this server tells unasked.
"""

from __future__ import annotations

_NAMES = """
    DocumentQueued InvalidDocumentContent LocalPolicyRestrictionError
    PartialAppendContentNotProcessed PartialFolderContentNotProcessed
    PartialRelationshipContentNotProcessed PartialReplaceContentNotProcessed
    PartialTransformNotProcessed PartialTransformReplaceNotProcessed ReferencesExistException
    UnavailableRecipient UnknownRecipient UnmodifiableMetadataError UnresolvedReferenceException
    XDSDocumentUniqueIdError XDSDuplicateUniqueIdInRegistry XDSExtraMetadataNotSaved
    XDSInvalidRequestException XDSMetadataAnnotationError XDSMetadataIdentifierError
    XDSMetadataUpdateError XDSMetadataUpdateOperationError XDSMetadataVersionError
    XDSMissingDocument XDSMissingDocumentMetadata XDSMissingHomeCommunityId XDSNonIdenticalHash
    XDSNonIdenticalSize XDSObjectTypeError XDSPatientIDReconciliationError
    XDSPatientIdDoesNotMatch XDSRegistryBusy XDSRegistryDeprecatedDocumentError
    XDSRegistryDuplicateUniqueIdInMessage XDSRegistryError XDSRegistryMetadataError
    XDSRegistryNotAvailable XDSRegistryOutOfResources XDSRemoveDocumentsError XDSRepositoryBusy
    XDSRepositoryDuplicateUniqueIdInMessage XDSRepositoryError XDSRepositoryMetadataError
    XDSRepositoryOutOfResources XDSResultNotSinglePatient XDSStoredQueryMissingParam
    XDSStoredQueryParamNumber XDSTooManyResults XDSUnavailableCommunity XDSUnknownCommunity
    XDSUnknownPatientId XDSUnknownRepositoryId XDSUnknownStoredQuery XDSUnreferencedObjectException
"""
CODES = tuple(_NAMES.split())
"""By name."""
