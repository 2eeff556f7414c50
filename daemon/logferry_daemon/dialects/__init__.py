"""One file per contract that a destination speaks: values in, requests out; answers in, outcomes out."""
