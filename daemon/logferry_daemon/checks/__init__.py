"""One file per thing that can be wrong; `logferry doctor` asks them all."""
