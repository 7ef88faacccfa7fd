"""`validate`: messages from files through the real pipeline, without server and without state.

There is no second implementation of the rules: a message becomes an HTTP request to an endpoint
with an empty affinity domain, which accepts whatever can be acted on, so that the rules of all
layers get to see it. Then its findings are judged by the validation mode that was asked for.
"""

from ihe_mock_async.web.offline.examination import Examination, Remark
from ihe_mock_async.web.offline.examiner import Examiner, examiner

__all__ = ["Examination", "Examiner", "Remark", "examiner"]
