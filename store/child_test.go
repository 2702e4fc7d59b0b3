package store

const childOf = "HAETAE_STORE_TEST_CHILD"

func child(string) {}
