"""What is registered of a made document would be accepted from anybody."""

from __future__ import annotations

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Exchange
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.xds.on_demand.entry import on_demand_entries
from ihe_mock_async.xds.on_demand.snapshot import submission_of
from tests.transactions.on_demand import ON_DEMAND, UUIDS, at, promise, register
from tests.transactions.retrievals import REPOSITORY
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import attachment
from tests.xds import submissions as s


def test_a_snapshot_breaks_no_rule_of_iti_42() -> None:
    with stored_state() as state:
        promise(state)
        previous = register(state, "2.999.6.1", "Snapshot before")
        entry = on_demand_entries([ON_DEMAND], state.documents, REPOSITORY)[ON_DEMAND]
        submission = submission_of(
            entry,
            attachment(b"made", "2.25.7"),
            previous,
            repository_unique_id=REPOSITORY,
            submission_set_unique_id="2.25.8",
            now=at(9),
        )
        request = s.submit(*submission.element)
        domain = AffinityDomain(validation=Validation.STRICT)

        reply = iti42.answer(Exchange(request, "", {}, domain, at(9), UUIDS, state))

        assert (reply.summary, reply.findings) == ("Success", ())
        assert reply.patient_ids == (s.PATIENT,)
