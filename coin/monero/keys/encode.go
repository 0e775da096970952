package keys

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// encodedAtOnce is how many points share an inversion: one costs as much as
// about 250 multiplications.
const encodedAtOnce = 64

// EncodePoints writes the 32 bytes of each point to dst, which is as long as
// points. It is Point.Bytes for many points with one inversion per 64 of them
// (Montgomery's trick), takes constant time and no memory from the heap.
func EncodePoints[T ~[Size]byte](dst []T, points []edwards25519.Point) {
	if len(dst) != len(points) {
		panic("keys: EncodePoints into a slice of another length")
	}
	for len(points) > encodedAtOnce {
		encodePoints(dst[:encodedAtOnce], points[:encodedAtOnce])
		dst, points = dst[encodedAtOnce:], points[encodedAtOnce:]
	}
	encodePoints(dst, points)
}

func encodePoints[T ~[Size]byte](dst []T, points []edwards25519.Point) {
	var prefix [encodedAtOnce]field.Element // products of the Z of all points before
	var running, inverse field.Element
	running.One()
	for i := range points {
		prefix[i].Set(&running)
		_, _, z, _ := points[i].ExtendedCoordinates()
		running.Multiply(&running, z)
	}
	running.Invert(&running)
	for i := len(points) - 1; i >= 0; i-- {
		x, y, z, _ := points[i].ExtendedCoordinates()
		inverse.Multiply(&running, &prefix[i])
		running.Multiply(&running, z)
		x.Multiply(x, &inverse)
		y.Multiply(y, &inverse)
		copy(dst[i][:], y.Bytes())
		dst[i][Size-1] |= byte(x.IsNegative() << 7)
	}
}
