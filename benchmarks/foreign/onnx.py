"""P54's convertible part in ONNX Runtime: float32, without quantiles to normal, the target encoder
and hashed texts, which have no ONNX form. Fitted here, on the same rows."""

import numpy as np
import onnxruntime
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)

VERSIONS = ["onnxruntime", "skl2onnx", "scikit-learn"]


def matrices(data):
    """Float columns (bytes of float64) as one float32 matrix, texts as one of objects."""
    floats = [np.frombuffer(raw, np.float64) for raw in data["floats"].values()]
    return (
        np.column_stack(floats).astype(np.float32),
        np.array(list(data["texts"].values()), dtype=object).T,
    )


def session(data):
    """The converted pipeline, its columns in two tensors."""
    floats, texts = matrices(data["training"])
    width = floats.shape[1]
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    bins = KBinsDiscretizer(5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    steps = {
        "number": numeric,
        "bin": bins,
        "power": PowerTransformer(),
        "onehot": OneHotEncoder(handle_unknown="ignore"),
        "ordinal": OrdinalEncoder(),
        "product": PolynomialFeatures(2),
    }
    order = list(data["training"]["floats"]) + list(data["training"]["texts"])
    parts = [
        (name, step, [order.index(column) for column in data["parts"][name]])
        for name, step in steps.items()
    ]
    pipeline = ColumnTransformer(parts, sparse_threshold=0.0)
    both = np.empty((len(floats), len(order)), dtype=object)
    both[:, :width] = floats
    both[:, width:] = texts
    pipeline.fit(both)
    inputs = [
        ("floats", FloatTensorType([None, width])),
        ("texts", StringTensorType([None, texts.shape[1]])),
    ]
    model = convert_sklearn(pipeline, initial_types=inputs)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = data["threads"]
    options.inter_op_num_threads = 1
    raw = model.SerializeToString()
    return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])


def plain(result):
    """Shape and bytes: what every environment can unpickle."""
    return result.shape, np.ascontiguousarray(result).tobytes()


def rows(data):
    """Dicts to the feed and through the session, feed included."""
    run = session(data).run
    dicts = data["rows"]
    names, texts = list(data["training"]["floats"]), list(data["training"]["texts"])

    def job():
        feed = {
            "floats": np.array([[row[name] for name in names] for row in dicts], dtype=np.float32),
            "texts": np.array([[row[name] for name in texts] for row in dicts], dtype=object),
        }
        return run(None, feed)[0]

    return job, lambda: plain(job())


def arrays(data):
    """From matrices that are made already."""
    run = session(data).run
    floats, texts = matrices(data["batch"])
    feed = {"floats": floats, "texts": texts}
    return lambda: run(None, feed)[0], lambda: plain(run(None, feed)[0])


JOBS = {"rows": rows, "arrays": arrays}
