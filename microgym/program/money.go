package program

// money lists the templates about money.
func money() []Template {
	return nil
}
