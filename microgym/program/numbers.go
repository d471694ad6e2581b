package program

// numbers lists the templates about numbers.
func numbers() []Template {
	return nil
}
