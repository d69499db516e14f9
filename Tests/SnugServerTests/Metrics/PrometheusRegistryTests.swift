// SPDX-License-Identifier: Apache-2.0
import Metrics
import Testing

@testable import SnugServer

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test("Counters, gauges and their labels are written in Prometheus' format, sorted")
    func values() {
        Counter(label: "snug_b_total", dimensions: [("z", "1"), ("a", "x\"y\\\n")], factory: registry).increment(by: 2)
        Counter(label: "snug_b_total", dimensions: [("a", "x\"y\\\n"), ("z", "1")], factory: registry).increment()
        Counter(label: "snug_b_total", factory: registry).increment()
        Gauge(label: "snug.a", factory: registry).record(5)
        Gauge(label: "snug.a", factory: registry).record(2.5)
        Meter(label: "snug_m", factory: registry).increment(by: 3)
        Meter(label: "snug_m", factory: registry).decrement(by: 1)
        #expect(
            registry.text == """
                # TYPE snug_a gauge
                snug_a 2.5
                # TYPE snug_b_total counter
                snug_b_total 1
                snug_b_total{a="x\\"y\\\\\\n",z="1"} 3
                # TYPE snug_m gauge
                snug_m 2

                """)
    }

    @Test("A timer is a histogram in seconds whose buckets count all below their bound")
    func histogram() {
        let timer = Metrics.Timer(label: "snug_x_seconds", dimensions: [("p", "q")], factory: registry)
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(300_000_000)
        timer.recordSeconds(500)
        let lines = registry.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE snug_x_seconds histogram")
        let buckets = lines.dropFirst().dropLast(2)
        #expect(buckets.first == "snug_x_seconds_bucket{p=\"q\",le=\"0.001\"} 1")
        #expect(buckets.contains("snug_x_seconds_bucket{p=\"q\",le=\"0.25\"} 1"))
        #expect(buckets.contains("snug_x_seconds_bucket{p=\"q\",le=\"0.5\"} 2"))
        #expect(buckets.contains("snug_x_seconds_bucket{p=\"q\",le=\"120\"} 2"))
        #expect(buckets.last == "snug_x_seconds_bucket{p=\"q\",le=\"+Inf\"} 3")
        #expect(lines.suffix(2) == ["snug_x_seconds_sum{p=\"q\"} 500.301", "snug_x_seconds_count{p=\"q\"} 3"])
    }

    @Test("Names that Prometheus does not take are changed, and one name keeps one type")
    func names() {
        Counter(label: "1 a-ä.b", dimensions: [("x-y", "1")], factory: registry).increment()
        Gauge(label: "1 a-ä.b", factory: registry).record(7)
        #expect(
            registry.text == """
                # TYPE _1_a___b counter
                _1_a___b{x_y="1"} 1
                # TYPE _1_a___b_gauge gauge
                _1_a___b_gauge 7

                """)
    }

    @Test("A gauge that is destroyed is gone and may come back; counters and the rest beyond the maximum stay")
    func destroys() {
        let gauges = (0...PrometheusRegistry.maximumSeries).map { index in
            Gauge(label: "g", dimensions: [("i", String(index))], factory: registry)
        }
        for gauge in gauges { gauge.record(1) }
        let counter = Counter(label: "c", dimensions: [("i", "0")], factory: registry)
        counter.increment()
        for gauge in gauges { gauge.destroy() }
        counter.destroy()
        let left = "# TYPE c counter\nc{i=\"0\"} 1\n# TYPE g gauge\n"
        #expect(registry.text == left + "g 1\n")
        Gauge(label: "g", dimensions: [("i", "7")], factory: registry).record(2)
        #expect(registry.text == left + "g 1\ng{i=\"7\"} 2\n")
    }

    @Test("Labels without end do not take memory without end")
    func cardinality() {
        for index in 0..<2000 {
            Counter(label: "c", dimensions: [("i", String(index))], factory: registry).increment()
        }
        let lines = registry.text.split(separator: "\n")
        #expect(lines.count == PrometheusRegistry.maximumSeries + 2)
        #expect(lines.contains("c 1000"))
    }
}
