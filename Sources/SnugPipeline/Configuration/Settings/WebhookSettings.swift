// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// The settings of the address that is told of each job that ends.
enum WebhookSettings {
    static let all: [Setting<ServiceConfiguration>] = [
        Setting("webhook.url", show: { $0.watch.webhook?.url.description }) { service, text throws(SettingFault) in
            do throws(HTTPError) { service.watch.webhook = Webhook(url: try HTTPURL(text.text)) } catch {
                throw SettingFault(error.message)
            }
        },
        Setting("webhook.secret_env", show: { $0.watch.webhook?.secret?.variable }) {
            service, text throws(SettingFault) in
            let variable = try SettingFormat.text.parse(text)
            try change(&service) { $0.secret = .environment(variable) }
        },
        Setting("webhook.secret_file", show: { $0.watch.webhook?.secret?.file }) { service, text throws(SettingFault) in
            let path = try SettingFormat.path.parse(text)
            try change(&service) { $0.secret = .file(path) }
        },
        Setting(
            "webhook.allow_internal",
            show: { $0.watch.webhook.map { SettingFormat.flag.show($0.allowsInternalAddresses) } }
        ) { service, text throws(SettingFault) in
            let flag = try SettingFormat.flag.parse(text)
            try change(&service) { $0.allowsInternalAddresses = flag }
        },
    ]

    /// The fault of an address that no message can be sent to; `nil` for none.
    ///
    /// A name that only leads to internal addresses is judged when a message is sent.
    static func fault(_ service: ServiceConfiguration) -> String? {
        guard let webhook = service.watch.webhook else { return nil }
        let (url, isInternal) = (webhook.url, webhook.url.isInternal && !webhook.allowsInternalAddresses)
        let isPlain = url.scheme == "http" && !url.isLoopback && !service.network.allowsPlainHTTP
        let remedies = [
            isInternal ? "set webhook.allow_internal to true if it is to reach your own network" : nil,
            isPlain ? "use https, or set network.allow_plain_http to true" : nil,
        ].compactMap { $0 }
        guard !remedies.isEmpty else { return nil }
        let problem =
            isInternal ? isPlain ? "is an internal address over http" : "is an internal address" : "is http without TLS"
        return "\(url) \(problem), and no message would be sent; \(remedies.joined(separator: "; and "))"
    }

    private static func change(
        _ service: inout ServiceConfiguration, _ body: (inout Webhook) -> Void
    ) throws(SettingFault) {
        guard var webhook = service.watch.webhook else {
            throw SettingFault("has no address to belong to; set webhook.url", base: "webhook.url")
        }
        body(&webhook)
        service.watch.webhook = webhook
    }
}
