"""Reading a memory of up to millions of entries: cost of a matrix product, no [B, M] held.

keys = keys_of(addressing, entries)                        # once per memory, in batches
prior_query = prior_query_of(addressing, E)
total = log_total_of_prior(prior_query, keys)              # the same for all x
reading = read_large(queries_of(addressing, x), prior_query, keys, total, num_samples=4, seed=seed)
reading.address, reading.log_qa, reading.log_pa            # [K, B] each
"""

from tfvma.large_memory.address_kl import address_kl
from tfvma.large_memory.cached_keys import CachedKeys, CachedReading
from tfvma.large_memory.inner_products import keys_of, prior_query_of, queries_of
from tfvma.large_memory.inverse_cdf import inverse_cdf
from tfvma.large_memory.key_index import KeyIndex
from tfvma.large_memory.log_normalizer import (
    log_normalizer,
    log_total_of_prior,
    with_gradient_of_drawn,
)
from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.mean_key import mean_key
from tfvma.large_memory.read import Reading, densities_at, read_large
from tfvma.large_memory.sample import address_at, sample_large
from tfvma.large_memory.truncated import TruncatedReading, read_truncated

__all__ = [
    "CachedKeys",
    "CachedReading",
    "KeyIndex",
    "Reading",
    "TruncatedReading",
    "address_at",
    "address_kl",
    "block_log_sums",
    "densities_at",
    "inverse_cdf",
    "keys_of",
    "log_normalizer",
    "log_total_of_prior",
    "mean_key",
    "prior_query_of",
    "queries_of",
    "read_large",
    "read_truncated",
    "sample_large",
    "with_gradient_of_drawn",
]
