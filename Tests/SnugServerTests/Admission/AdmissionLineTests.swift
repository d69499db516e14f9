// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugTestSupport
import Testing

@testable import SnugServer

/// The decisions of the queue, event by event.
@Suite struct AdmissionLineTests {
    /// A model of what is promised: each request is in one state, and each wait ends once.
    private struct Model {
        enum State { case entered, waiting, working, ended, over }

        var line: AdmissionLine<UInt64>
        var states: [UInt64: State] = [:]
        /// Places in the order in which they were taken, without those whose wait has ended.
        var order: [UInt64] = []
        /// Requests that work and never had a place.
        var direct = 0
        var ends: [UInt64: [AdmissionQueue.End]] = [:]

        func places(_ state: State) -> [UInt64] { states.filter { $0.value == state }.keys.sorted() }

        mutating func enter() {
            switch line.enter() {
            case .worker:
                #expect(order.isEmpty, "nobody passes those that wait")
                direct += 1
            case .place(let place):
                #expect(states.updateValue(.entered, forKey: place) == nil, "each place has a number of its own")
                order.append(place)
            case .full: #expect(order.count == line.length)
            }
        }

        /// A wait that begins is told its end when that came before.
        mutating func begin(_ place: UInt64) {
            let end = line.wait(place, place)
            #expect(end == ends[place]?.first)
            states[place] = end.map { $0 == .granted ? .working : .over } ?? .waiting
        }

        /// The end of a wait's time, or of its client, at whatever moment.
        mutating func end(_ place: UInt64, _ end: AdmissionQueue.End) {
            let isPending = order.contains(place)
            let woken = line.end(place, as: end)
            #expect(woken == (isPending && states[place] == .waiting ? place : nil))
            guard isPending else { return }
            order.removeAll { $0 == place }
            ends[place, default: []].append(end)
            states[place] = states[place] == .waiting ? .over : .ended
        }

        /// A request that works is done: the first that waits has its worker.
        mutating func leave(_ place: UInt64?) {
            if let place { states[place] = .over } else { direct -= 1 }
            let next = order.first
            let woken = line.leave(after: 1)
            guard let next else {
                #expect(woken == nil)
                return
            }
            #expect(woken == (states[next] == .waiting ? next : nil))
            order.removeFirst()
            ends[next, default: []].append(.granted)
            states[next] = states[next] == .waiting ? .working : .ended
        }

        /// Workers that are taken: by those that work, and by those that have been given one and do not know yet.
        var taken: Int {
            direct + places(.working).count + places(.ended).count { ends[$0] == [.granted] }
        }

        func check() {
            #expect(line.running == taken)
            #expect(line.running <= line.workers)
            #expect(Array(line.places.keys) == order)
            #expect(order.count <= line.length)
            #expect(order.isEmpty || line.running == line.workers, "nobody waits while a worker is free")
            #expect(Set(line.early.keys) == Set(places(.ended)))
            #expect(ends.values.allSatisfy { $0.count == 1 }, "each wait ends once")
        }
    }

    @Test(
        "Whatever coincides, each wait ends once, no worker and no place is lost, and nothing stays behind",
        arguments: UInt64(0)..<40)
    func coincidences(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (workers, length) = (Int.random(in: 1...4, using: &random), Int.random(in: 0...5, using: &random))
        var model = Model(line: AdmissionLine(workers: workers, length: length))
        for _ in 0..<300 {
            let known = model.states.keys.sorted()
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: model.enter()
            case 2: if let place = model.places(.entered).randomElement(using: &random) { model.begin(place) }
            // Ends come early, in time, twice, and long after.
            case 3: if let place = known.randomElement(using: &random) { model.end(place, .timedOut) }
            case 4: if let place = known.randomElement(using: &random) { model.end(place, .cancelled) }
            default:
                let working = model.places(.working).map(Optional.init) + (model.direct > 0 ? [nil] : [])
                if let place = working.randomElement(using: &random) { model.leave(place) }
            }
            if let place = model.places(.ended).randomElement(using: &random), Bool.random(using: &random) {
                model.begin(place)
            }
            model.check()
        }
        // All go home.
        for place in model.places(.entered) + model.places(.ended) { model.begin(place) }
        while model.taken > 0 {
            model.leave(model.places(.working).first)
            model.check()
        }
        #expect(model.line.running == 0)
        #expect(model.line.places.isEmpty)
        #expect(model.line.early.isEmpty)
        #expect(model.line.enter() == .worker)
    }

    @Test("A request that has a place counts before it waits, so that no more than may come in at once")
    func placesCount() {
        var line = AdmissionLine<Int>(workers: 1, length: 2)
        #expect((0..<5).map { _ in line.enter() } == [.worker, .place(1), .place(2), .full, .full])
        #expect(line.leave(after: 1) == nil, "the first has not begun to wait")
        #expect(line.enter() == .place(3))
        #expect(line.wait(2, 22) == nil)
        #expect(line.wait(1, 11) == .granted)
        #expect(line.leave(after: 1) == 22)
    }

    @Test(
        "The time to come back is that of all turns before, by the mean of recent work, from 1 s to 2 minutes",
        arguments: [
            // Nothing measured: a second each.
            (1, 0, [], 1), (1, 1, [], 2), (2, 4, [], 3), (4, 1, [], 2), (1, 9, [], 10),
            // An eighth of each new figure: 1, then 1 + (9 - 1) / 8 = 2, then 2 + (10 - 2) / 8 = 3.
            (1, 0, [9], 2), (1, 0, [9, 10], 3), (1, 2, [9, 10], 9), (2, 1, [9, 10], 5),
            // A second at least, two minutes at most.
            (1, 0, Array(repeating: 0, count: 50), 1), (1, 5, [10_000], 120),
        ] as [(Int, Int, [Double], Int)])
    func backlog(workers: Int, waiting: Int, measured: [Double], seconds: Int) {
        var line = AdmissionLine<Int>(workers: workers, length: 100)
        for time in measured {
            _ = line.enter()
            _ = line.leave(after: time)
        }
        for _ in 0..<(workers + waiting) { _ = line.enter() }
        #expect(line.places.count == waiting)
        #expect(line.backlog == .seconds(seconds))
    }
}
