"""The daemon around its core: runners, couriers, gates, control and the whole, over fakes and then for real."""
