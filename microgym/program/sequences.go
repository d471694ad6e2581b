package program

// sequences lists the templates about sequences.
func sequences() []Template {
	return nil
}
