// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The state that all services of one simulator share.
final class World: Sendable {
    let configuration: Simulator.Configuration
    let clock = SimulatorClock()
    let script = FaultScript()
    let log = RequestLog()
    let ledger = BillingLedger()
    let files = FileStore()
    let media = MediaStore()
    let channels = OpenChannels()
    private let bases = Mutex<[ServiceName: String]>([:])

    init(configuration: Simulator.Configuration) {
        self.configuration = configuration
    }

    func setBases(_ urls: [ServiceName: String]) { bases.withLock { $0 = urls } }

    func base(_ service: ServiceName) -> String { bases.withLock { $0[service] ?? "" } }

    /// True when a provider could fetch an image from this URL.
    ///
    /// Only the simulated media host can be looked into; of other hosts everything with the form of a URL is taken.
    func isFetchable(_ url: String) -> Bool {
        let host = base(.media)
        if !host.isEmpty, url.hasPrefix(host + "/") { return media[String(url.dropFirst(host.count + 1))] != nil }
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else { return false }
        return url.count > scheme.count && !url.contains { $0.isWhitespace }
    }
}
