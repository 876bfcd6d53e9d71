/** The last release that `go install` can build by itself: later ones replace a module by one of their own folders. */
export const temporalVersion = 'v1.5.1'
