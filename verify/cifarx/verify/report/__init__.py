"""A `Result` as JSON, HTML and JUnit XML; this folder imports `findings` alone."""
