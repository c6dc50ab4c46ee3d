"""Apache Spark, for `creditlab.engine` alone to open: needs the extra `spark`, and is imported when asked for."""
