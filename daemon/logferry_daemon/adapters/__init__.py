"""The parts that touch the world, one technology each; they meet in compose/ only."""
