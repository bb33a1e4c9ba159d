"""The sections of a model card that say how to call the SavedModel."""

from __future__ import annotations

import inspect

from tfvma.card_architecture import wrapped
from tfvma.config import Config
from tfvma.kinds import DEFAULT_SIGNATURE, Kind
from tfvma.models.networks import NETWORKS
from tfvma.repeat_latent_score import repeat_latent_score
from tfvma.repeat_score import repeat_score

_WIDTH = 100


def serving(config: Config, kind: Kind, version: int) -> str:
    """How to serve it, and a call in Python."""
    name, size = config.name, config.model.image_size
    memory = ""
    if kind.takes_memory:
        memory = f"memory = tf.zeros([3, {size}, {size}, 1])  # drawings to read\n"
    inputs = ", ".join(
        f"{key}={value}"
        for key, value in {
            "x": "x",
            "memory": "memory",
            "num_samples": "tf.constant(1000)",
            "seed": "tf.constant([0, 0])",
        }.items()
        if key in kind.signatures["score"]
    )
    return f"""## How to serve it

With TensorFlow Serving, from the folder of this card:

    docker run -p 8501:8501 -v "$PWD:/models/{name}" -e MODEL_NAME={name} tensorflow/serving

Requests take the columnar form, since {_why_columnar(kind)}:

    POST http://localhost:8501/v1/models/{name}:predict
    {_request(kind)}

In Python, with TensorFlow alone, from the same folder:

```python
import tensorflow as tf

model = tf.saved_model.load("{version}")
x = tf.zeros([5, {size}, {size}, 1])  # drawings to score: 0 is paper, 1 is ink
{memory}{_short_enough('terms = model.signatures["score"](', inputs, ")")}
print(terms["log_likelihood"])  # nats, one for each drawing
```"""


def _short_enough(start: str, inner: str, end: str) -> str:
    """A call on one line, or on three where that is too long."""
    line = f"{start}{inner}{end}"
    return line if len(line) <= _WIDTH else f"{start}\n    {inner}\n{end}"


def _why_columnar(kind: Kind) -> str:
    if kind.takes_memory:
        return "x and memory differ in length"
    return "the number of samples and the seed are not one for each x"


def _request(kind: Kind) -> str:
    if kind.has_address and kind.takes_memory:
        return """{"signature_name": "classify",
     "inputs": {"x": [...], "memory": [...], "memory_label": [0, 0, 1, 1], "ways": 2}}"""
    memory = '"memory": [...], ' if kind.takes_memory else ""
    return f"""{{"signature_name": "score",
     "inputs": {{"x": [...], {memory}"num_samples": 100, "seed": [0, 0]}}}}"""


def signatures(config: Config, kind: Kind) -> str:
    """The table of signatures and its conventions."""
    lines = [
        f"| `{name}`{', the default' if name == DEFAULT_SIGNATURE else ''} | {given} | {gives} |"
        for name, given, gives in _rows(config, kind)
    ]
    memory = "memory entries M, " if kind.takes_memory else ""
    rows = "pairs" if kind.has_address else "rows"
    return "\n".join(
        (
            "## Signatures",
            "",
            f"Targets B, {memory}samples K and {rows} N are free.",
            "",
            "| signature | in | out |",
            "|---|---|---|",
            *lines,
            "",
            _conventions(kind),
        )
    )


def _rows(config: Config, kind: Kind) -> list[tuple[str, str, str]]:
    """Name, inputs and outputs, with the shapes of each where it is first met."""
    image = f"{config.model.image_size},{config.model.image_size},1"
    moments = f"loc, scale [N,{config.model.latent_dim}]"
    network = NETWORKS[config.model.network](config.model, "float32")
    of_slot = ",".join(map(str, network.entry_shape))
    entry = f" [N,{image if kind.takes_memory else of_slot}]"
    shapes = {
        ("memory", "index"): " [N]",
        ("address", "x"): f" [B,{image}]",
        ("address", "memory"): f" [M,{image}]",
        ("latent_prior", "entry"): entry,
        ("latent_posterior", "x"): f" [N,{image}]",
        ("latent_posterior", "entry"): entry,
        ("decode", "z"): f" [N,{config.model.latent_dim}]",
        ("decode", "entry"): entry,
        ("decode", "memory"): f" [M,{image}]",
        ("classify", "memory_label"): " [M]",
    }
    address = {"generate": ", address [K]", "reconstruct": ", address [K,B]"}
    outputs = {
        "memory": f"entry{entry}",
        "address": "log_posterior [B,M], log_prior [M]",
        "latent_prior": moments,
        "latent_posterior": moments,
        "decode": f"logits [N,{image}]",
        "score": f"log_likelihood, {'kl_address, ' if kind.has_address else ''}kl_latent, "
        "reconstruction, [B] each",
        "generate": f"images [K,{image}]",
        "reconstruct": f"images [K,B,{image}]",
        "classify": "probabilities [B,ways]",
    }
    return [
        (
            name,
            ", ".join(f"{key}{shapes.get((name, key), '')}" for key in inputs),
            outputs[name] + (address.get(name, "") if kind.has_address else ""),
        )
        for name, inputs in kind.signatures.items()
    ]


def _conventions(kind: Kind) -> str:
    if kind.has_address and kind.takes_memory:
        return """\
x, memory, entry and z are float32; num_samples and ways int32 scalars; seed int32 [2]; memory_label
int32 in 0..ways-1; address int32. Pixels are 0 for paper and 1 for ink. `log_*` are normalised
natural logarithms, `scale` is the standard deviation, `images` are probabilities of ink.
`log_likelihood` is L_K; `kl_address` is summed exactly over the memory; `kl_latent` is analytic,
averaged over the K addresses, as `reconstruction`, log p(x | a, z), is. `classify` sums q(a | x) by
label. The same seed gives the same numbers."""
    if kind.has_address:
        return """\
x, entry and z are float32; num_samples and ways int32 scalars; seed int32 [2]; index int32, a slot;
memory_label int32 in 0..ways-1, one for each of the M slots; address int32. Pixels are 0 for paper
and 1 for ink. `log_*` are normalised natural logarithms, `scale` is the standard deviation,
`images` are probabilities of ink. `log_likelihood` is L_K; `kl_address` is summed exactly over the
memory; `kl_latent` is analytic, averaged over the K addresses, as `reconstruction`, log p(x | a,
z), is. `classify` sums q(a | x) by label. The same seed gives the same numbers."""
    floats = "x, memory and z" if kind.takes_memory else "x and z"
    return wrapped(
        f"{floats} are float32; num_samples and count int32 scalars; seed int32 [2]. "
        "`latent_prior` gives its parameters `count` times, N = count. Pixels are 0 for paper and "
        "1 for ink. `scale` is the standard deviation, `images` are probabilities of ink. "
        "`log_likelihood` is L_K, a natural logarithm; `kl_latent` is analytic; `reconstruction` "
        "is log p(x | z), averaged over the K samples. The same seed gives the same numbers."
    )


def repeating(kind: Kind) -> str:
    """The code that repeats `score`."""
    function = repeat_score if kind.has_address else repeat_latent_score
    noise = "all addresses at once and of z" if kind.has_address else "z"
    inputs = "x and memory as NumPy arrays"
    if not kind.takes_memory:
        inputs = "x as a NumPy array, None as the memory"
    how = wrapped(
        f"The seed gives the noise of {noise} sample by sample. This repeats `score` from the "
        f"other signatures, for {inputs} and the signatures of a model loaded as above:"
    )
    return f"""## Repeating `score`

{how}

```python
import numpy as np
import tensorflow as tf


{inspect.getsource(function).strip()}
```"""
