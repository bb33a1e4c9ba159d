"""One process of benchmarks.load_time, with TensorFlow alone.

Its argument is the folder of a SavedModel's version; it prints the time of day after each
stage. It is run by its path and imports nothing of this package.
"""

import json
import sys
import time

import tensorflow as tf

times = [time.time()]
signatures = tf.saved_model.load(sys.argv[1]).signatures
times.append(time.time())
height, width, channels = signatures["score"].structured_input_signature[1]["x"].shape[1:]
x, memory = (
    tf.cast(
        tf.random.stateless_uniform([count, height, width, channels], [0, count]) < 0.2, tf.float32
    )
    for count in (4, 8)
)
for seed in range(2):
    answer = signatures["score"](
        x=x, memory=memory, num_samples=tf.constant(4), seed=tf.constant([0, seed])
    )
    answer["log_likelihood"].numpy()
    times.append(time.time())
if "tfvma" in sys.modules:
    sys.exit("tfvma was imported")
print(json.dumps(times))
