package ring

import "context"

// Choose is At and Choose in one.
func (c *Chooser) Choose(ctx context.Context, reference uint64, seed [32]byte, real Real) ([]Member, int, error) {
	o, err := c.At(ctx, reference)
	if err != nil {
		return nil, 0, err
	}
	return o.Choose(ctx, seed, real)
}
