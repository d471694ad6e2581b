package rows

import "github.com/swerm/swerm/sources/format"

// Fates are those of the part of a row that this package reads.
func Fates() []format.Fate {
	var all []format.Fate
	for _, c := range columns {
		if c.column != config {
			continue
		}
		for _, key := range c.keys {
			why := "of a configuration only model and sampling parameters are kept: configurations have carried credentials"
			all = append(all, format.Fate{Path: key + ".**", Why: why}, format.Fate{Path: "*." + key + ".**", Why: why})
		}
	}
	return all
}
