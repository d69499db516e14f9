// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The settings of a server.
public struct ServerConfiguration: Sendable, Hashable {
    /// The address to listen on. Default 127.0.0.1:8080.
    public var listen: ListenAddress
    /// The token that requests have to show; `nil` for none, which only a loopback address allows.
    public var token: BearerToken?
    /// Names that the server is reached by, besides localhost and addresses. Default none.
    ///
    /// Requests for other names are refused: a page of a stranger could reach the server under a name of its own.
    public var hosts: Set<String>

    /// Maximum bytes of a request's body. Default 64 MiB.
    public var maximumBodyBytes: Int
    /// Maximum bytes of all bodies that are held at once, those of fitted images too. Default 256 MiB, and at least one body.
    ///
    /// Parts of uploads have a quarter of it besides: where that is taken, each is written as it comes.
    public var receivingBytes: Int
    /// Maximum bytes of a request's header fields. Default 32 KiB.
    public var maximumHeaderBytes: Int
    /// Connections at once; others wait until one ends. Default 1024.
    public var maximumConnections: Int

    /// Requests that may wait for a worker. Default 64.
    public var queueLength: Int
    /// Longest wait for a worker. Default 30 s.
    public var queueTimeout: Duration
    /// Longest time for one image. Default 120 s.
    public var fitTimeout: Duration

    /// Time that an idle connection stays open. Default 75 s, longer than the 60 s of most load balancers.
    public var keepAlive: Duration
    /// Time that a new connection has for its first request's header. Default 10 s.
    public var headTimeout: Duration
    /// The period over which the rate of a transfer is measured. Default 10 s.
    public var ratePeriod: Duration
    /// Minimum bytes a second of a body on its way in, and of a response on its way out. Default 1000.
    public var minimumRate: Int
    /// Time that requests under way get to finish when the server stops; beside a daemon that daemon's counts.
    /// Default 30 s.
    public var drainTime = Duration.seconds(30)
    /// Maximum bytes of results that clients come back for, with their inputs. Default 256 MiB.
    public var resultBytes = 256 << 20
    /// Time that such results are kept. Default 15 minutes.
    public var resultAge = Duration.seconds(900)
    /// Maximum bytes of a file that is uploaded in parts. Default 1 GiB.
    public var maximumUploadBytes = 1 << 30
    /// Uploads in parts that may be under way at once. Default 1000.
    public var maximumUploads = 1000
    /// Time that an upload is kept after its last part. Default 24 hours.
    public var uploadAge = Duration.seconds(86_400)
    /// Time between two looks through the uploads, for those that are to go. Default 1 minute.
    public var uploadPeriod = Duration.seconds(60)
    /// Time between two looks at the ledger for `/v1/events`. Default 1 s.
    public var eventPeriod = Duration.seconds(1)
    /// Free bytes on the disk of the state directory below which the server is not ready, and which uploads leave free.
    /// `nil`, the default, for as many as the daemon leaves: 64 MiB, or a twentieth of a smaller disk.
    public var minimumDiskBytes: Int?

    /// Creates a configuration with the default of each field.
    public init(
        listen: ListenAddress = ListenAddress(), token: BearerToken? = nil, hosts: Set<String> = [],
        maximumBodyBytes: Int = 64 << 20, receivingBytes: Int = 256 << 20, maximumHeaderBytes: Int = 32 << 10,
        maximumConnections: Int = 1024, queueLength: Int = 64, queueTimeout: Duration = .seconds(30),
        fitTimeout: Duration = .seconds(120), keepAlive: Duration = .seconds(75), headTimeout: Duration = .seconds(10),
        ratePeriod: Duration = .seconds(10), minimumRate: Int = 1000, minimumDiskBytes: Int? = nil
    ) {
        self.listen = listen
        self.token = token
        self.hosts = hosts
        self.maximumBodyBytes = maximumBodyBytes
        self.receivingBytes = receivingBytes
        self.maximumHeaderBytes = maximumHeaderBytes
        self.maximumConnections = maximumConnections
        self.queueLength = queueLength
        self.queueTimeout = queueTimeout
        self.fitTimeout = fitTimeout
        self.keepAlive = keepAlive
        self.headTimeout = headTimeout
        self.ratePeriod = ratePeriod
        self.minimumRate = minimumRate
        self.minimumDiskBytes = minimumDiskBytes
    }

    /// Refuses a configuration that would be unsafe or could not work.
    /// - Throws: ``ServerConfigurationError``.
    public func validate() throws(ServerConfigurationError) {
        guard listen.isLoopback || token != nil else {
            throw ServerConfigurationError(
                "\(listen) can be reached from other machines, and no token protects it; name a file with one by "
                    + "--token-file, set SNUG_SERVER_TOKEN, or listen on 127.0.0.1")
        }
        // A name with hexadecimal digits only and a port looks like an address.
        if let host = hosts.sorted().first(where: { !HostName.isValid($0) || HostName.split($0)?.port != nil }) {
            throw ServerConfigurationError(
                "'\(PrintableName.escaped(String(host.prefix(64))))' is no name for --allow-host; write the name of a host "
                    + "alone, such as images.example.org, without scheme, port and *")
        }
        guard maximumBodyBytes > 0, queueLength >= 0, maximumConnections > 0 else {
            throw ServerConfigurationError("a bound of the server leaves no room; give numbers above 0")
        }
    }
}

/// A configuration that a server refuses to start with.
public struct ServerConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A text for people: the problem, then the remedy.
    public var message: String

    /// Creates an error.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}
