// SPDX-License-Identifier: Apache-2.0
import Logging
import Metrics
import SnugHTTP
import SnugTestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Metrics that go nowhere.
let noMetrics: any MetricsFactory = NOOPMetricsHandler.instance
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    change(&configuration)
    return try HTTPClient(configuration: configuration, logger: quietLogger, metrics: noMetrics)
}

extension FaultServer {
    func address(_ path: String = "/") throws -> HTTPURL { try HTTPURL(url(path)) }
}

/// Tells threads apart.
enum ThreadName {
    static var current: UInt { UInt(bitPattern: pthread_self().hashValue) }
}
