// SPDX-License-Identifier: Apache-2.0
public import Logging
public import Metrics
public import SnugHTTP

/// Metrics that go nowhere.
public let noMetrics: any MetricsFactory = NOOPMetricsHandler.instance
/// Logs that nobody reads.
public let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A client that no proxy of the environment stands before.
public func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    change(&configuration)
    return try HTTPClient(configuration: configuration, logger: quietLogger, metrics: noMetrics)
}

extension FaultServer {
    /// The address of a path on it.
    public func address(_ path: String = "/") throws -> HTTPURL { try HTTPURL(url(path)) }
}
