-- mod_sasl2 and its companions, as Debian packages them, are for a newer
-- Prosody than Debian's 0.12: this gives them what they miss there.  (For
-- mod_sasl2_sm that would be most of mod_smacks: it is not used.)

local filters = require "util.filters";

-- What TLS has to say of itself.
local function lend(conn)
	local methods = getmetatable(conn).__index;
	if methods.ssl_info then return; end
	function methods:ssl_info()
		local socket = self:socket();
		return socket.info and socket:info();
	end
	function methods:ssl_exportkeyingmaterial(...)
		local socket = self:socket();
		return socket.exportkeyingmaterial
			and socket:exportkeyingmaterial(...);
	end
end

module:hook("stream-features", function (event)
	if event.origin.conn then lend(event.origin.conn); end
end, 1000);

-- Who a client says that it is, in the header of its stream.
local function watch(session)
	function session:stream_attrs(_, to) self.says_from = to; end
end

-- mod_saslauth puts its own handler in the place of mod_sasl2's, which alone
-- knows of channel bindings.  SCRAM's -PLUS is not for TLS 1.3 here, so that
-- SCRAM had better not know either.
module:hook("advertise-sasl-features", function (event)
	local session = event.origin;
	event.stream = event.stream or { from = session.says_from };
	session.sasl2_handler = session.sasl_handler;
end, 1000);

module:hook_tag("urn:xmpp:sasl:2", "authenticate", function (session, auth)
	if auth:get_child("fast", "urn:xmpp:fast:0") then
		session.sasl_handler = session.sasl2_handler;
	end
end, 1000);

filters.add_filter_hook(watch);

-- The time has become one with fractions, of which this knows nothing.
local dt = require "util.datetime";
local datetime = dt.datetime;
function dt.datetime(t) return datetime(t and math.floor(t)); end

-- Stanzas lack this one.
local methods = getmetatable(require "util.stanza".stanza("x")).__index;
methods.get_child_attr = methods.get_child_attr or
	function (self, name, xmlns, attr)
		local child = self:get_child(name, xmlns);
		return child and child.attr[attr];
	end

function module.unload()
	filters.remove_filter_hook(watch);
	dt.datetime = datetime;
end
