"""Apache Spark, for `creditlab.engine` alone to open: needs the extra `spark`, and is imported when asked for."""

import warnings

# All that comes and goes is Arrow.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
# What a server that doesn't answer comes to is said as an error.
warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]", category=UserWarning)
