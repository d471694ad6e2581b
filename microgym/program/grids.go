package program

// grids lists the templates about grids.
func grids() []Template {
	return nil
}
