"""Write a `Result` as JSON, HTML and JUnit XML. This folder imports only `findings`."""
