//go:build race

package processortest_test

const raceDetector = true
