include $(sort $(wildcard $(BR2_EXTERNAL_INITBOX_PATH)/package/*/*.mk))
