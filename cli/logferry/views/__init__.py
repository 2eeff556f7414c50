"""What a person is shown for each answer: model values in, blocks out. Pure; prints nothing."""
