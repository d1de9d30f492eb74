"""The kinds of record that cells leave in a notebook's outputs, as JSON, for whoever reads the notebook later."""

ANSWER = "application/vnd.convnet-course.answer+json"
PREDICTION = "application/vnd.convnet-course.prediction+json"
VERDICT = "application/vnd.convnet-course.verdict+json"
CODE = "application/vnd.convnet-course.code+json"
EVIDENCE = "application/vnd.convnet-course.evidence+json"
OWN_CLAIM = "application/vnd.convnet-course.own-claim+json"
REVIEW = "application/vnd.convnet-course.review+json"
