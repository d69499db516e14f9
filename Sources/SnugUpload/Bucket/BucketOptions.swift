// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// Settings of a bucket's client, none of which changes what is stored.
public struct BucketOptions: Sendable {
    /// Attempts without progress, and the waits between them.
    public var retry = RetryPolicy(maximumAttempts: 6)
    /// The longest file that is sent in one request; longer ones go in parts. Default 16 MiB.
    public var singleRequestLimit = 16 << 20
    /// Bytes of a part, at least 5 MiB. Default 8 MiB.
    public var partSize = 8 << 20
    /// Parts sent at once. Default 4.
    public var parallelism = 4
    /// The longest time without a byte moving. Default 20 s.
    public var stallTimeout = Duration.seconds(20)
    /// The longest time for a request that carries data. Default 10 min.
    public var attemptTimeout = Duration.seconds(600)
    /// The longest time for a request that carries none. Default 60 s.
    public var shortTimeout = Duration.seconds(60)
    /// The rate limit that transfers share with others.
    public var bandwidthLimiter: BandwidthLimiter?

    /// The defaults.
    public init() {}
}
