package program

// units lists the templates about units.
func units() []Template {
	return nil
}
