# Stands in for Genode's build system: each src/<program>/*.c of the source archive becomes bin/<program>.
include etc/build.conf

SOURCE   := $(firstword $(REPOSITORIES))
PROGRAMS := $(notdir $(patsubst %/,%,$(wildcard $(SOURCE)/src/*/)))

all: $(addprefix bin/,$(PROGRAMS))

bin/%:
	@mkdir -p bin
	$(or $(CROSS_DEV_PREFIX),)cc $(addprefix -I,$(addsuffix /include,$(REPOSITORIES))) -o $@ $(SOURCE)/src/$*/*.c
