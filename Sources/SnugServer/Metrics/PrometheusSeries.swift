// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Synchronization

/// The values of one metric with one set of labels.
final class PrometheusSeries: CounterHandler, FloatingPointCounterHandler, RecorderHandler, MeterHandler, TimerHandler,
    Sendable
{
    /// The types of metrics.
    enum Kind: String, Sendable { case counter, gauge, histogram }

    private struct Values {
        var sum = 0.0
        var count = 0
        var buckets: [Int]
    }

    /// Upper bounds of a histogram: seconds from a millisecond to two minutes, and other amounts beyond.
    static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    let kind: Kind
    private let values: Mutex<Values>

    init(kind: Kind) {
        self.kind = kind
        values = Mutex(Values(buckets: kind == .histogram ? Array(repeating: 0, count: Self.bounds.count) : []))
    }

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func reset() { put(0) }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func preferDisplayUnit(_ unit: TimeUnit) {}

    func record(_ value: Double) {
        guard kind == .histogram else { return put(value) }
        values.withLock { values in
            values.sum += value
            values.count += 1
            for index in Self.bounds.indices where value <= Self.bounds[index] { values.buckets[index] += 1 }
        }
    }

    private func add(_ amount: Double) { values.withLock { $0.sum += amount } }
    private func put(_ value: Double) { values.withLock { $0.sum = value } }

    /// Adds the lines of the series.
    func write(_ name: String, _ labels: PrometheusLabels, to text: inout String) {
        let values = values.withLock { $0 }
        guard kind == .histogram else {
            text += "\(name)\(labels.braced()) \(Self.number(values.sum))\n"
            return
        }
        for (bound, count) in zip(Self.bounds, values.buckets) {
            text += "\(name)_bucket\(labels.braced(adding: "le=\"\(Self.number(bound))\"")) \(count)\n"
        }
        text += "\(name)_bucket\(labels.braced(adding: "le=\"+Inf\"")) \(values.count)\n"
        text += "\(name)_sum\(labels.braced()) \(Self.number(values.sum))\n"
        text += "\(name)_count\(labels.braced()) \(values.count)\n"
    }

    /// A number without the fraction that is none.
    private static func number(_ value: Double) -> String {
        value.rounded() == value && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}
