//! Tests of the whole product live in `it/`: one binary that drives the real server.
