// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

/// Who works, who waits and who is next: the decisions of an ``AdmissionQueue``, without its clock and its tasks.
///
/// A request has its place from the moment it comes, so that never more wait than may. A wait ends once: whatever comes
/// second, a worker, the end of its time or the end of its client, finds no place and changes nothing.
struct AdmissionLine<Wake> {
    /// The outcomes of a request that comes.
    enum Entry: Hashable {
        case worker
        /// A place in the queue, by its number.
        case place(UInt64)
        case full
    }

    /// Requests that work at once.
    let workers: Int
    /// Requests that may wait.
    let length: Int
    /// Requests that work.
    private(set) var running = 0
    /// Places in their order, each with the way to wake its request once that waits.
    private(set) var places: OrderedDictionary<UInt64, Wake?> = [:]
    /// Requests that wait.
    var waiting: Int { places.count }
    /// Ends of waits that have not begun, until they do.
    private(set) var early: [UInt64: AdmissionQueue.End] = [:]
    /// True where a request that comes now finds neither a worker nor a place.
    var isFull: Bool { running == workers && places.count >= length }
    private var lastPlace: UInt64 = 0
    /// Mean seconds of work, recent requests weighing most.
    private var meanSeconds = 1.0

    init(workers: Int, length: Int) {
        self.workers = max(1, workers)
        self.length = length
    }

    /// Takes a worker, or a place.
    mutating func enter() -> Entry {
        guard running == workers else {
            running += 1
            return .worker
        }
        guard !isFull else { return .full }
        lastPlace += 1
        places.updateValue(nil, forKey: lastPlace)
        return .place(lastPlace)
    }

    /// Begins the wait of a place.
    /// - Returns: Its end, where that came before.
    mutating func wait(_ place: UInt64, _ wake: Wake) -> AdmissionQueue.End? {
        if let end = early.removeValue(forKey: place) { return end }
        places.updateValue(wake, forKey: place)
        return nil
    }

    /// Ends the wait of a place, unless it has ended.
    /// - Returns: The request to wake.
    mutating func end(_ place: UInt64, as end: AdmissionQueue.End) -> Wake? {
        guard let wake = places.removeValue(forKey: place) else { return nil }
        if wake == nil { early[place] = end }
        return wake
    }

    /// Gives a worker back, to the first that waits.
    /// - Parameter seconds: The time of the work.
    /// - Returns: The request to wake.
    mutating func leave(after seconds: Double) -> Wake? {
        meanSeconds += (seconds - meanSeconds) / 8
        guard let first = places.keys.first else {
            running -= 1
            return nil
        }
        return end(first, as: .granted)
    }

    /// The time until all that work and wait now are likely to be done: 1 s to 2 minutes.
    var backlog: Duration {
        let turns = Double(running + places.count) / Double(workers)
        return .seconds(min(max((turns * meanSeconds).rounded(.up), 1), 120))
    }
}
