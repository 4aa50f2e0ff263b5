"""The working fields, one module a page: what its panels show, drawn from the ledgers' readers."""
