// SPDX-License-Identifier: Apache-2.0
public import CoreMetrics
import Synchronization

/// A backend of swift-metrics whose values are read in Prometheus' text format.
///
/// Timers are histograms in seconds, recorders that aggregate are histograms, others are gauges. Names and labels that
/// Prometheus does not take are changed to what it takes.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    /// Maximum sets of labels for one name; further ones are counted together, without labels.
    static let maximumSeries = 1000

    private struct Family {
        var kind: PrometheusSeries.Kind
        var series: [PrometheusLabels: PrometheusSeries] = [:]
    }

    /// A metric by its names in code, before they are changed to what Prometheus takes.
    private struct Request: Hashable {
        var label: String
        var dimensions: [String]
        var kind: PrometheusSeries.Kind
    }

    private struct State {
        var families: [String: Family] = [:]
        /// The series by the names in code: most metrics are looked up with each request to the server.
        var known: [Request: PrometheusSeries] = [:]
    }
    private let state = Mutex(State())

    /// A registry without metrics.
    public init() {}

    /// All values as text (Prometheus exposition format 0.0.4), sorted by name and labels.
    public var text: String {
        let families = state.withLock { $0.families }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name, labels, to: &text)
            }
        }
        return text
    }

    private func series(
        _ label: String, _ dimensions: [(String, String)], _ kind: PrometheusSeries.Kind
    ) -> PrometheusSeries {
        let request = Request(label: label, dimensions: dimensions.flatMap { [$0.0, $0.1] }, kind: kind)
        return state.withLock { state in
            if let known = state.known[request] { return known }
            let series = Self.series(label, dimensions, kind, in: &state.families)
            if state.known.count < Self.maximumSeries { state.known[request] = series }
            return series
        }
    }

    private static func series(
        _ label: String, _ dimensions: [(String, String)], _ kind: PrometheusSeries.Kind,
        in families: inout [String: Family]
    ) -> PrometheusSeries {
        var name = PrometheusLabels.validName(label)
        // One name has one type.
        if let family = families[name], family.kind != kind { name += "_\(kind.rawValue)" }
        var labels = PrometheusLabels(dimensions)
        if let family = families[name], family.series[labels] == nil, family.series.count >= maximumSeries {
            labels = PrometheusLabels([])
        }
        if let series = families[name]?.series[labels] { return series }
        let series = PrometheusSeries(kind: kind)
        families[name, default: Family(kind: kind)].series[labels] = series
        return series
    }

    /// Removes a gauge. Counters and histograms stay, so that they do not go back; so does the one of all labels beyond the
    /// maximum, which others share.
    private func remove(_ handler: AnyObject) {
        guard let series = handler as? PrometheusSeries, series.kind == .gauge else { return }
        state.withLock { state in
            for (name, family) in state.families where family.kind == .gauge {
                guard let labels = family.series.first(where: { $0.value === series })?.key else { continue }
                guard !labels.text.isEmpty else { return }
                state.families[name]?.series[labels] = nil
                if family.series.count == 1 { state.families[name] = nil }
                state.known = state.known.filter { $0.value !== series }
                return
            }
        }
    }

    // MARK: MetricsFactory

    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter)
    }

    /// A histogram, or a gauge.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram)
    }

    /// Nothing: values stay, so that counters do not go back.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Nothing.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Removes a gauge.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Removes a gauge.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Nothing.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
